using System.Net;
using System.Net.Http.Json;
using Darq.Tests.Integration.Install;
using Darq.Tests.Shared;
using Xunit;
using FunctionLibrary = Darq.Engine.Redis.FunctionLibrary;

namespace Darq.Tests.Integration;

/// <summary>The Redis user of SECURITY.md, with nothing beyond it.</summary>
public sealed class DocumentedRedisUserTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpListener _app = new();
    private readonly int _appPort = FreePort.Next();

    public DocumentedRedisUserTests()
    {
        _app.Prefixes.Add($"http://127.0.0.1:{_appPort}/");
        _app.Start();
    }

    public void Dispose() => _app.Close();

    [Fact]
    public async Task Documented_redis_user_may_do_all_that_the_component_does()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Acl = SecuredRedis.DocumentedUser() });
        await using var component = await ComponentProcess.StartAsync();
        var delivered = ServeUntilDeliveredAsync();
        await using var sidecar = await Sidecar.StartAsync(
            new SidecarOptions
            {
                AppId = "ledger",
                AppPort = _appPort,
                SocketsFolder = component.SocketsFolder,
                Resources = Resources(redis.Host),
            }
        );

        await PostAsync(sidecar, "v1.0/state/store", new[] { new { key = "a", value = 1 } });
        await PostAsync(sidecar, "v1.0/publish/bank/orders?metadata.darq.id=one&metadata.partitionKey=a", new { order = 1 });
        var delivery = await delivered.WaitAsync(Patience);
        var token = delivery.Request.Headers["darq-token"]!;
        var metadata = new Dictionary<string, string> { ["darq.token"] = token, ["darq.emit"] = """[{"topic":"done","data":1}]""" };
        var upsert = new { operation = "upsert", request = new { key = "a", value = 2 } };
        await PostAsync(sidecar, "v1.0/state/store/transaction", new { operations = new[] { upsert }, metadata });
        Answer(delivery, "");

        Assert.Equal("2", await sidecar.Http.GetStringAsync(new Uri("v1.0/state/store/a", UriKind.Relative)));
        Assert.DoesNotContain(component.Process.Output.All, line => line.Contains("NOPERM", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("get", "{darq-shop:0:a}:m")]
    [InlineData("hgetall", "{darq-shop}:ns")]
    [InlineData("spublish", "{darq-shop:0:a}:w", "orders")]
    [InlineData("ssubscribe", "{darq-shop:0:a}:w")]
    [InlineData("subscribe", "__keyspace@0__:{darq:0:a}:m")]
    public async Task Another_namespace_is_closed_to_the_documented_user(params string[] command)
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Acl = SecuredRedis.DocumentedUser() });
        string[] login = ["--user", "darq", "--pass", SecuredRedis.Password, "--no-auth-warning"];

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => redis.CliAsync([.. login, .. command]));

        Assert.Contains("NOPERM", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>What SECURITY.md advises where apps on one Redis do not trust each other.</summary>
    [Fact]
    public async Task Where_an_operator_has_loaded_the_library_a_component_need_not()
    {
        var closed = SecuredRedis
            .DocumentedUser()
            .Replace(" +function|load", "", StringComparison.Ordinal)
            .Replace("user default off", "user default on nopass ~* &* +@all", StringComparison.Ordinal);
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Acl = closed });
        await redis.CliAsync("function", "load", FunctionLibrary.Code);
        var files = ComponentFolder.Read("acl-user", ComponentFolder.Local(redis));
        Dictionary<string, string?> environment = new() { ["DARQ_REDIS_PASSWORD"] = SecuredRedis.Password };
        await using var pod = await InstalledPod.StartAsync(files, sidecarSees: environment);

        await pod.SaveAndReadAsync();
        await pod.PublishAsync("orders", new { item = "tea" });
    }

    private static Dictionary<string, string> Resources(string redisHost)
    {
        (string, string)[] user = [("redisHost", redisHost), ("redisUsername", "darq"), ("redisPassword", "PASSWORD")];
        return new()
        {
            ["bank.yaml"] = ComponentYaml.Of("bank", "pubsub.darq", user),
            ["store.yaml"] = ComponentYaml.Of("store", "state.darq", user),
        };
    }

    private static async Task PostAsync<T>(Sidecar sidecar, string path, T body)
    {
        using var answer = await sidecar.Http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body);
        Assert.True(
            answer.IsSuccessStatusCode,
            $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}\n{sidecar.Process.Output}"
        );
    }

    /// <summary>Answers the sidecar's questions until a message comes, which waits for its answer.</summary>
    private async Task<HttpListenerContext> ServeUntilDeliveredAsync()
    {
        while (true)
        {
            var context = await _app.GetContextAsync();
            if (context.Request.Url!.AbsolutePath == "/orders")
            {
                return context;
            }

            if (context.Request.Url.AbsolutePath == "/dapr/subscribe")
            {
                Answer(context, """[{"pubsubname":"bank","topic":"orders","route":"/orders"}]""");
            }
            else
            {
                Answer(context, "", 404);
            }
        }
    }

    private static void Answer(HttpListenerContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Close(System.Text.Encoding.UTF8.GetBytes(json), willBlock: true);
    }
}
