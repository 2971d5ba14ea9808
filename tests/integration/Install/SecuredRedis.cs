using System.Text.RegularExpressions;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Install;

/// <summary>
/// A Redis of production: TLS with a certificate of an authority of its own, the Redis user of SECURITY.md, and no other.
/// </summary>
internal sealed partial class SecuredRedis : IAsyncDisposable
{
    public const string Password = "PASSWORD";

    private readonly TempFolder _folder;

    private SecuredRedis(RedisServer server, TempFolder folder, int port) => (Server, _folder, TlsPort) = (server, folder, port);

    public RedisServer Server { get; }

    /// <summary>Where it speaks TLS, under the name of its certificate.</summary>
    public string Host => $"localhost:{TlsPort}";

    public int TlsPort { get; }

    /// <summary>The certificate of the authority.</summary>
    public string AuthorityFile => _folder.PathOf("authority.crt");

    public string Authority => File.ReadAllText(AuthorityFile);

    /// <summary>A certificate that the server takes where it asks for one.</summary>
    public string ClientCertificate => File.ReadAllText(_folder.PathOf("redis.crt"));

    public string ClientKey => File.ReadAllText(_folder.PathOf("redis.key"));

    /// <summary>The content of an ACL file with the user of SECURITY.md and no default one.</summary>
    public static string DocumentedUser()
    {
        var block = Block().Match(File.ReadAllText(Repository.PathOf("SECURITY.md"))).Groups[1].Value;
        return string.Join(' ', block.Split(['\n', ' '], StringSplitOptions.RemoveEmptyEntries)) + "\nuser default off\n";
    }

    /// <param name="isMutual">Whether a client needs a certificate, too.</param>
    public static async Task<SecuredRedis> StartAsync(bool isMutual = false)
    {
        var folder = new TempFolder();
        var port = FreePort.Next();
        WriteCertificates(folder);
        var server = await RedisServer.StartAsync(
            new RedisOptions
            {
                Acl = DocumentedUser(),
                ExtraLines =
                [
                    $"tls-port {port}",
                    $"tls-auth-clients {(isMutual ? "yes" : "no")}",
                    $"tls-cert-file {folder.PathOf("redis.crt")}",
                    $"tls-key-file {folder.PathOf("redis.key")}",
                    $"tls-ca-cert-file {folder.PathOf("authority.crt")}",
                ],
            }
        );
        return new(server, folder, port);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    private static void WriteCertificates(TempFolder folder)
    {
        using var authority = new PrivateAuthority();
        var (certificate, key) = authority.Issue(["localhost", "127.0.0.1"]);
        folder.Write("authority.crt", authority.Certificate);
        folder.Write("redis.crt", certificate);
        folder.Write("redis.key", key);
    }

    [GeneratedRegex("```\n(user [^`]*)```")]
    private static partial Regex Block();
}
