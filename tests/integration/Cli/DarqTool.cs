using System.Text.Json;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Cli;

/// <summary>The component's binary as a command line.</summary>
internal static class DarqTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task<ToolRun> RunAsync(params string[] arguments) => RunAsync(new Dictionary<string, string?>(), arguments);

    public static async Task<ToolRun> RunAsync(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        await using var process = await ChildProcess.StartAsync(Repository.Component, arguments, environment);
        var code = await process.WaitForExitAsync(Patience);
        return new(code, process.Output.All);
    }

    public static Task<ToolRun> DoctorAsync(RedisServer redis, params string[] more) =>
        RunAsync(["doctor", "--redis-host", redis.Host, .. more]);

    public static Task<ToolRun> RepairAsync(RedisServer redis, params string[] more) =>
        RunAsync(["repair", "--redis-host", redis.Host, .. more]);

    /// <summary>A digest of all keys with their values, whatever order Redis keeps them in.</summary>
    public static Task<string> DigestAsync(RedisServer redis) => redis.CliAsync("DEBUG", "DIGEST");
}

/// <summary>How a command ended, and what it wrote to either output.</summary>
internal sealed record ToolRun(int Code, IReadOnlyList<string> Lines)
{
    public string Text => string.Join('\n', Lines);

    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public override string ToString() => $"exit code {Code}\n{Text}";
}
