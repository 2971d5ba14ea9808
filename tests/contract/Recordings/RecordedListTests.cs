using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract.Recordings;

public sealed class RecordedListTests
{
    [Fact]
    public void Every_listed_scenario_is_played()
    {
        TheoryData<string>[] suites = [StartRecordings.Names, ComponentRecordings.Names, DeliveryRecordings.Names, ApiRecordings.Names];
        var played = suites.SelectMany(names => names).Select(row => row.Data);
        Assert.Equal(Scenario.Names.Order(), played.Order());
    }

    [Fact]
    public void Every_recorded_file_is_listed()
    {
        var files = Directory.GetFiles(Repository.PathOf("tests", "recordings", "scenarios")).Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(Scenario.Listed("component-only", "stand-in-first", "stand-in-second").Order(), files.Order());
    }
}
