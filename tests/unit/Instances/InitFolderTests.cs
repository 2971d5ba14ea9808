using System.Text.Json;
using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Instances;

public sealed class InitFolderTests : IDisposable
{
    private static readonly SidecarProcess Process = new(812, 4711);

    private readonly TempFolder _folder = new();

    [Fact]
    public void What_Init_said_comes_back()
    {
        var record = Record("orders", ("redisHost", "redis"), ("consumerID", "app"));
        Folder().Save(record);

        var found = Find("orders");
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

        var found = Find("orders");
        Assert.StartsWith("app", found!.Properties["consumerID"], StringComparison.Ordinal);
        Assert.Equal(value, found.Properties["x"]);
    }

    [Fact]
    public void An_instance_that_was_never_saved_is_not_found() => Assert.Null(Find("orders"));

    [Fact]
    public void Sidecars_services_and_instances_have_files_of_their_own()
    {
        var folder = Folder();
        string[] paths =
        [
            folder.PathOf(Record("a")),
            folder.PathOf(Record("a") with { Service = ComponentService.StateStore }),
            folder.PathOf(Record("a") with { Process = new(813, 4711) }),
            folder.PathOf(Record("a") with { Process = new(812, 4712) }),
            folder.PathOf(Record("a") with { Process = default, At = 1 }),
            folder.PathOf(Record("a") with { Process = default, At = 2 }),
            folder.PathOf(Record("b")),
            folder.PathOf(Record("")),
            new InitFolder(Options("other.sock")).PathOf(Record("a")),
            folder.PathOf(Record(new string('x', 300) + "1")),
            folder.PathOf(Record(new string('x', 300) + "2")),
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
        Assert.Equal(folder.FullPath, Path.GetDirectoryName(Path.GetFullPath(folder.PathOf(Record(instance)))));
    }

    [Fact]
    public void Folder_and_files_belong_to_their_owner_alone()
    {
        var folder = Folder();
        folder.Save(Record("orders", ("redisHost", "redis")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.FullPath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.PathOf(Record("orders"))));
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
        File.WriteAllText(folder.PathOf(Record("orders")) + ".new", "{\"half\":");

        Assert.Equal("old", Find("orders")!.Properties["redisHost"]);
        folder.Save(Record("orders", ("redisHost", "new")));
        Assert.Equal("new", Find("orders")!.Properties["redisHost"]);
        Assert.Single(Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void A_file_that_does_not_parse_is_a_fault_for_its_instance_and_hidden_from_the_list()
    {
        var folder = Folder();
        folder.Save(Record("good"));
        folder.Save(Record("bad"));
        File.WriteAllText(folder.PathOf(Record("bad")), "{");

        Assert.Throws<JsonException>(() => Find("bad"));
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
            State(
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

        var kept = Assert.Single(folder.All());
        Assert.DoesNotContain("hunter", File.ReadAllText(folder.PathOf(kept)), StringComparison.Ordinal);
        Assert.Equal(["clientKey", "redisPassword", "sentinelPassword"], kept.Withheld.Order());
    }

    [Fact]
    public void Records_of_a_process_are_removed_with_it_and_others_stay()
    {
        var folder = Folder();
        folder.Save(Record("a"));
        folder.Save(State("b", Properties()));
        folder.Save(Record("a") with { Process = new(812, 4712) });
        folder.Save(Record("a") with { Process = default, At = 812 });

        folder.RemoveAll(Process);

        Assert.Equal([new(0, 0), new(812, 4712)], folder.All().Select(record => record.Process).OrderBy(process => process.Id));
    }

    [Fact]
    public void Of_records_that_hidden_processes_made_only_those_that_are_retained_stay()
    {
        var folder = Folder();
        InitRecord[] hidden = [.. Enumerable.Range(1, 3).Select(at => Record("bank") with { Process = default, At = at })];
        foreach (var record in hidden.Append(Record("bank")).Append(Record("bank.0-5") with { Process = default, At = 9 }))
        {
            folder.Save(record);
        }

        folder.RetainHidden(hidden[0].Key, [hidden[1]]);

        Assert.Equal(2, Assert.Single(folder.FindHidden(hidden[0].Key)).At);
        Assert.Equal(3, folder.All().Count);
    }

    [Fact]
    public void A_record_that_does_not_say_whose_it_is_is_removed_and_named()
    {
        var folder = Folder();
        folder.Save(Record("orders"));
        File.WriteAllText(
            Path.Combine(folder.FullPath, "darq.sock.PubSub.old.json"),
            """{ "service": "PubSub", "instance": "old", "properties": {}, "withheld": [], "format": 1 }"""
        );

        Assert.Equal("old", Assert.Single(folder.RemoveOlderFormat()).Instance);
        Assert.Equal("orders", Assert.Single(folder.All()).Instance);
        Assert.Single(Directory.GetFiles(folder.FullPath));
    }

    public void Dispose() => _folder.Dispose();

    private InitFolder Folder() => new(Options("darq.sock"));

    private SocketOptions Options(string name) => new(_folder.FullPath, name, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private InitRecord? Find(string instance) => Folder().Find(Process, new(ComponentService.PubSub, instance));

    private static InitRecord Record(string instance, params (string Key, string Value)[] properties) =>
        InitRecords.Of(Process, new(ComponentService.PubSub, instance), Properties(properties), at: 1);

    private static InitRecord State(string instance, Dictionary<string, string> properties) =>
        InitRecords.Of(Process, new(ComponentService.StateStore, instance), properties, at: 1);

    private static Dictionary<string, string> Properties(params (string Key, string Value)[] properties) =>
        properties.ToDictionary(property => property.Key, property => property.Value);
}
