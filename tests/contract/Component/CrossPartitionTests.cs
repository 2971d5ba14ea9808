using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract;

public sealed class CrossPartitionTests
{
    private const string Step =
        """{"state":[{"op":"upsert","key":"a","value":1},{"op":"upsert","key":"b","value":1},{"op":"delete","key":"c"}]}""";

    [Fact]
    public async Task A_step_across_partitions_is_warned_about_once_for_all_instances_of_a_namespace()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            using var client = new ComponentClient(component.Socket, $"binding{i}");
            await client.InitOutputAsync(("redisHost", redis.Host), ("appID", "app"), ("crossPartitionSteps", "warn"));
            await new BindingClient(client).StepAsync(Step);
        }

        component.Process.Signal(Signal.Term);
        await component.Process.WaitForExitAsync(TimeSpan.FromSeconds(10));
        Assert.Single(component.Process.Output.All, line => line.Contains("would refuse (crossPartitionSteps", StringComparison.Ordinal));
    }
}
