using System.Reflection;
using Darq.Component.Telemetry;
using Darq.Engine.Telemetry;
using Darq.Tests.Unit.Code;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Unit.Telemetry;

/// <summary>docs/when-something-is-stuck.md has every message that an operator should act on.</summary>
public sealed class LogDocumentTests
{
    [Fact]
    public void Every_warning_and_error_of_the_log_stands_in_the_document()
    {
        var documented = SourceTree
            .File("docs/when-something-is-stuck.md")
            .Lines.Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2]))
            .Select(line => string.Join('|', line.Split('|')[1..3]));

        Assert.Equal(Messages().Select(Cells).Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<LoggerMessageAttribute> Messages() =>
        from assembly in new[] { typeof(HostLog).Assembly, typeof(ConnectionLog).Assembly }
        from type in assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        let message = method.GetCustomAttribute<LoggerMessageAttribute>()
        where message is { Level: >= LogLevel.Warning }
        select message;

    private static string Cells(LoggerMessageAttribute message)
    {
        var text = message.Message.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal);
        return $" {message.EventId} | " + (text.Contains('`', StringComparison.Ordinal) ? $"`` {text} `` " : $"`{text}` ");
    }
}
