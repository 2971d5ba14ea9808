using System.Text.RegularExpressions;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Resources;

/// <summary>Fills the placeholders that daprd knows in a component's metadata.</summary>
internal sealed partial class Templates(string appId, string @namespace, string? podName)
{
    public string Fill(string value) => value.Contains('{', StringComparison.Ordinal) ? Placeholder().Replace(value, Replacement) : value;

    private string Replacement(Match match) =>
        match.Value switch
        {
            "{uuid}" => Guid.NewGuid().ToString(),
            "{appID}" => appId,
            "{namespace}" => $"{@namespace}.{appId}",
            _ => podName ?? throw new StartException("failed to parse metadata: property refers to {podName} but podName is not set"),
        };

    [GeneratedRegex(@"\{(uuid|appID|namespace|podName)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
