using System.Net.Sockets;
using Darq.Component.Host;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Host;

public sealed class SocketTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void The_folder_comes_from_the_plural_variable_else_the_singular_else_the_standard()
    {
        Assert.Equal("/a", Read(("DAPR_COMPONENTS_SOCKETS_FOLDER", "/a"), ("DAPR_COMPONENT_SOCKETS_FOLDER", "/b")).Folder);
        Assert.Equal("/b", Read(("DAPR_COMPONENT_SOCKETS_FOLDER", "/b")).Folder);
        Assert.Equal("/tmp/dapr-components-sockets/darq.sock", Read().FullPath);
    }

    [Fact]
    public void The_name_may_be_another() => Assert.Equal("queue.sock", Read(("DARQ_SOCKET_NAME", "queue.sock")).Name);

    [Theory]
    [InlineData("../x.sock")]
    [InlineData("..")]
    [InlineData("a\nb")]
    public void A_name_that_leaves_the_folder_is_refused(string name) =>
        Assert.Contains(
            "DARQ_SOCKET_NAME",
            Assert.Throws<SocketRefusedException>(() => Read(("DARQ_SOCKET_NAME", name))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_path_that_is_too_long_for_a_socket_is_refused() =>
        Assert.Contains(
            "107 bytes",
            Assert.Throws<SocketRefusedException>(() => Read(("DAPR_COMPONENTS_SOCKETS_FOLDER", "/" + new string('a', 110)))).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(null, "0660")]
    [InlineData("0666", "0666")]
    [InlineData("600", "0600")]
    public void The_mode_is_octal(string? text, string mode) => Assert.Equal(mode, Read(("DARQ_SOCKET_MODE", text)).ModeText);

    [Theory]
    [InlineData("0668")]
    [InlineData("rw-rw----")]
    [InlineData("60")]
    [InlineData("1660")]
    [InlineData("0066")]
    public void A_mode_of_another_form_or_without_the_owner_is_refused(string text) =>
        Assert.Contains(
            $"DARQ_SOCKET_MODE: \"{text}\"",
            Assert.Throws<SocketRefusedException>(() => Read(("DARQ_SOCKET_MODE", text))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void The_mode_is_set_before_anybody_can_connect()
    {
        var options = Options() with { Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        var socket = new ComponentSocket(options);
        socket.Prepare();
        using var bound = socket.Bind();

        Assert.Equal(options.Mode, File.GetUnixFileMode(options.FullPath));
        Assert.Equal(SocketError.ConnectionRefused, ConnectError(options.FullPath));
    }

    [Fact]
    public void The_folder_is_created()
    {
        var options = Options() with { Folder = _folder.PathOf("new/deeper") };
        new ComponentSocket(options).Prepare();
        Assert.True(Directory.Exists(options.Folder));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_refused_with_the_variable_to_change()
    {
        var options = Options() with { Folder = Path.Combine(_folder.Write("file", ""), "sockets") };

        var refused = Assert.Throws<SocketRefusedException>(() => new ComponentSocket(options).Prepare());

        Assert.StartsWith($"Cannot make {options.FullPath}: ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("choose another folder with DAPR_COMPONENTS_SOCKETS_FOLDER.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stale_socket_is_removed_and_the_path_bound_again()
    {
        var options = Options();
        LeaveStale(options.FullPath);

        var socket = new ComponentSocket(options);
        socket.Prepare();
        using var bound = socket.Bind();
        bound.Listen();
        Assert.Null(ConnectError(options.FullPath));
    }

    [Fact]
    public void A_socket_on_which_somebody_answers_is_left_alone()
    {
        var options = Options();
        using var other = new ComponentSocket(options).Bind();
        other.Listen();

        var refused = Assert.Throws<SocketRefusedException>(() => new ComponentSocket(options).Prepare());
        Assert.Contains("is listening on", refused.Message, StringComparison.Ordinal);
        Assert.Null(ConnectError(options.FullPath));
    }

    [Fact]
    public void A_symbolic_link_is_refused_and_its_target_untouched()
    {
        var options = Options();
        var target = _folder.Write("target", "precious");
        File.CreateSymbolicLink(options.FullPath, target);

        Assert.Contains(
            "symbolic link",
            Assert.Throws<SocketRefusedException>(() => new ComponentSocket(options).Prepare()).Message,
            StringComparison.Ordinal
        );
        Assert.Equal("precious", File.ReadAllText(target));
    }

    [Fact]
    public void A_symbolic_link_to_nothing_is_refused()
    {
        var options = Options();
        File.CreateSymbolicLink(options.FullPath, _folder.PathOf("nothing"));
        Assert.Throws<SocketRefusedException>(() => new ComponentSocket(options).Prepare());
    }

    [Theory]
    [InlineData("")]
    [InlineData("data")]
    public void A_file_that_is_no_socket_is_left_alone(string content)
    {
        var options = Options();
        _folder.Write("darq.sock", content);
        Assert.Contains(
            "is not a socket",
            Assert.Throws<SocketRefusedException>(() => new ComponentSocket(options).Prepare()).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(content, File.ReadAllText(options.FullPath));
    }

    public void Dispose() => _folder.Dispose();

    private static SocketOptions Read(params (string Name, string? Value)[] variables) =>
        SocketOptions.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);

    private SocketOptions Options() => Read(("DAPR_COMPONENTS_SOCKETS_FOLDER", _folder.FullPath));

    private static SocketError? ConnectError(string path)
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            client.Connect(new UnixDomainSocketEndPoint(path));
            return null;
        }
        catch (SocketException fault)
        {
            return fault.SocketErrorCode;
        }
    }

    /// <summary>
    /// What a killed process leaves: the runtime would remove the file of a socket that it closes, so the file is moved away before.
    /// </summary>
    private void LeaveStale(string path)
    {
        var kept = _folder.PathOf("kept");
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, kept);
        }

        File.Move(kept, path);
    }
}
