using System.Text.Json;
using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Instances;

public sealed class InitFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void What_Init_said_comes_back()
    {
        var record = Record("orders", ("redisHost", "redis"), ("consumerID", "app"));
        Folder().Save(record);

        var found = Folder().Find(ComponentService.PubSub, "orders");
        Assert.Equal(record.Properties, found!.Properties);
        Assert.Equal(record.Withheld, found.Withheld);
    }

    [Fact]
    public async Task Of_records_that_are_saved_at_once_one_is_kept_whole()
    {
        var folder = Folder();
        var value = new string('x', 20_000);

        await Task.WhenAll(
            Enumerable.Range(0, 30).Select(i => Task.Run(() => folder.Save(Record("orders", ("consumerID", $"app{i}"), ("x", value)))))
        );

        var found = folder.Find(ComponentService.PubSub, "orders");
        Assert.StartsWith("app", found!.Properties["consumerID"], StringComparison.Ordinal);
        Assert.Equal(value, found.Properties["x"]);
    }

    [Fact]
    public void An_instance_that_was_never_saved_is_not_found() => Assert.Null(Folder().Find(ComponentService.PubSub, "orders"));

    [Fact]
    public void Services_and_instances_have_files_of_their_own()
    {
        var folder = Folder();
        string[] paths =
        [
            folder.PathOf(ComponentService.PubSub, "a"),
            folder.PathOf(ComponentService.StateStore, "a"),
            folder.PathOf(ComponentService.PubSub, "b"),
            folder.PathOf(ComponentService.PubSub, ""),
            new InitFolder(Options("other.sock")).PathOf(ComponentService.PubSub, "a"),
            folder.PathOf(ComponentService.PubSub, new string('x', 300) + "1"),
            folder.PathOf(ComponentService.PubSub, new string('x', 300) + "2"),
        ];
        Assert.Equal(paths.Length, paths.Distinct().Count());
        Assert.All(paths, path => Assert.InRange(Path.GetFileName(path).Length, 1, 250));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("a/b")]
    [InlineData("a b.c")]
    public void An_instance_name_cannot_leave_the_folder(string instance)
    {
        var folder = Folder();
        Assert.Equal(folder.FullPath, Path.GetDirectoryName(Path.GetFullPath(folder.PathOf(ComponentService.PubSub, instance))));
    }

    [Fact]
    public void Folder_and_files_belong_to_their_owner_alone()
    {
        var folder = Folder();
        folder.Save(Record("orders", ("redisHost", "redis")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.FullPath));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(folder.PathOf(ComponentService.PubSub, "orders"))
        );
    }

    [Fact]
    public void A_folder_that_others_may_read_is_closed()
    {
        var folder = Folder();
        Directory.CreateDirectory(folder.FullPath);
        File.SetUnixFileMode(folder.FullPath, (UnixFileMode)0b111_101_101);
        folder.Save(Record("orders"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.FullPath));
    }

    [Fact]
    public void A_draft_that_a_crash_left_neither_hinders_nor_counts()
    {
        var folder = Folder();
        folder.Save(Record("orders", ("redisHost", "old")));
        File.WriteAllText(folder.PathOf(ComponentService.PubSub, "orders") + ".new", "{\"half\":");

        Assert.Equal("old", folder.Find(ComponentService.PubSub, "orders")!.Properties["redisHost"]);
        folder.Save(Record("orders", ("redisHost", "new")));
        Assert.Equal("new", folder.Find(ComponentService.PubSub, "orders")!.Properties["redisHost"]);
        Assert.Single(Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void A_file_that_does_not_parse_is_a_fault_for_its_instance_and_hidden_from_the_list()
    {
        var folder = Folder();
        folder.Save(Record("good"));
        folder.Save(Record("bad"));
        File.WriteAllText(folder.PathOf(ComponentService.PubSub, "bad"), "{");

        Assert.Throws<JsonException>(() => folder.Find(ComponentService.PubSub, "bad"));
        Assert.Equal("good", Assert.Single(folder.All()).Instance);
    }

    [Fact]
    public void The_list_holds_only_what_belongs_to_this_socket()
    {
        Folder().Save(Record("mine"));
        new InitFolder(Options("other.sock")).Save(Record("theirs"));
        Assert.Equal("mine", Assert.Single(Folder().All()).Instance);
    }

    [Fact]
    public void No_secret_value_reaches_the_file()
    {
        var folder = Folder();
        folder.Save(
            InitRecords.Of(
                ComponentService.StateStore,
                "st",
                Properties(
                    ("redisHost", "redis"),
                    ("redisPassword", "hunter2"),
                    ("sentinelPassword", "hunter3"),
                    ("clientKey", "hunter4"),
                    ("PrimaryEncryptionKey", "hunter5")
                )
            )
        );

        var text = File.ReadAllText(folder.PathOf(ComponentService.StateStore, "st"));
        Assert.DoesNotContain("hunter", text, StringComparison.Ordinal);
        Assert.Equal(["clientKey", "redisPassword", "sentinelPassword"], folder.Find(ComponentService.StateStore, "st")!.Withheld.Order());
    }

    [Fact]
    public void Withheld_secrets_come_from_the_variable_of_their_name()
    {
        var properties = InitRecords.Complete(Withheld(), new Secrets(name => name == "DARQ_REDIS_PASSWORD" ? "hunter2" : null));
        Assert.Equal("hunter2", properties["redisPassword"]);
    }

    [Fact]
    public void Withheld_secrets_come_from_a_file_without_its_last_line_break()
    {
        var path = _folder.Write("password", "hunter2\n");
        var properties = InitRecords.Complete(Withheld(), new Secrets(name => name == "DARQ_REDIS_PASSWORD_FILE" ? path : null));
        Assert.Equal("hunter2", properties["redisPassword"]);
    }

    [Fact]
    public void A_withheld_secret_that_is_nowhere_is_asked_for_by_name()
    {
        var refused = Assert.Throws<DarqException>(() => InitRecords.Complete(Withheld(), new Secrets(_ => null)));
        Assert.Equal(ErrorCode.Misconfigured, refused.Code);
        Assert.Contains("DARQ_REDIS_PASSWORD or DARQ_REDIS_PASSWORD_FILE", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private InitFolder Folder() => new(Options("darq.sock"));

    private SocketOptions Options(string name) => new(_folder.FullPath, name, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static InitRecord Record(string instance, params (string Key, string Value)[] properties) =>
        InitRecords.Of(ComponentService.PubSub, instance, Properties(properties));

    private static InitRecord Withheld() =>
        InitRecords.Of(ComponentService.StateStore, "st", Properties(("redisHost", "redis"), ("redisPassword", "hunter2")));

    private static Dictionary<string, string> Properties(params (string Key, string Value)[] properties) =>
        properties.ToDictionary(property => property.Key, property => property.Value);
}
