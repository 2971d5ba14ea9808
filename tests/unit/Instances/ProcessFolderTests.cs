using Darq.Component.Instances;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Instances;

public sealed class ProcessFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("daprd")]
    [InlineData("a) b (c")]
    [InlineData("9 S 1")]
    public void A_process_is_its_id_and_its_start_whatever_its_name(string name)
    {
        Write(812, name, "S", 4711);
        Assert.Equal(new SidecarProcess(812, 4711), Folder().Find(812));
    }

    [Fact]
    public void A_process_with_the_id_of_an_earlier_one_is_another()
    {
        Write(812, "daprd", "S", 4711);
        var earlier = Folder().Find(812);
        Assert.True(Folder().Lives(earlier));

        Write(812, "daprd", "S", 4712);

        Assert.NotEqual(earlier, Folder().Find(812));
        Assert.False(Folder().Lives(earlier));
    }

    [Theory]
    [InlineData("Z")]
    [InlineData("X")]
    public void A_process_that_only_its_parent_still_knows_of_has_ended(string state)
    {
        Write(812, "daprd", state, 4711);
        Assert.False(Folder().Lives(new(812, 4711)));
        Assert.True(Folder().Find(812).IsHidden);
    }

    [Fact]
    public void A_process_that_is_not_there_is_hidden_and_has_ended()
    {
        Assert.True(Folder().Find(812).IsHidden);
        Assert.True(Folder().Find(0).IsHidden);
        Assert.False(Folder().Lives(new(812, 4711)));
    }

    [Fact]
    public void A_process_whose_state_cannot_be_read_now_is_not_taken_for_ended()
    {
        Directory.CreateDirectory(_folder.PathOf("812/stat"));
        Assert.True(Folder().Lives(new(812, 4711)));
    }

    [Fact]
    public void This_process_is_found_in_the_real_folder()
    {
        var own = new ProcessFolder("/proc").Find(Environment.ProcessId);
        Assert.Equal(Environment.ProcessId, own.Id);
        Assert.True(own.StartTicks > 0);
        Assert.True(new ProcessFolder("/proc").Lives(own));
    }

    public void Dispose() => _folder.Dispose();

    private ProcessFolder Folder() => new(_folder.FullPath);

    private void Write(int id, string name, string state, long start) =>
        _folder.Write($"{id}/stat", $"{id} ({name}) {state} 1 812 812 0 -1 4194304 73 0 0 0 7 2 0 0 20 0 12 0 {start} 3133440 358 0\n");
}
