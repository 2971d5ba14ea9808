using System.Text.RegularExpressions;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Install;

/// <summary>
/// A folder of components-yaml as a user applies it: its files unchanged, but for the places that stand for a user's own. Each place
/// has to be there.
/// </summary>
internal static class ComponentFolder
{
    public static Dictionary<string, string> Read(string folder, params (string Place, string Own)[] places)
    {
        var files = Directory
            .GetFiles(Repository.PathOf("components-yaml", folder), "*.yaml")
            .ToDictionary(path => Path.GetFileName(path), File.ReadAllText);
        foreach (var (place, own) in places)
        {
            if (!files.Values.Any(text => text.Contains(place, StringComparison.Ordinal)))
            {
                throw new InvalidOperationException($"No file of components-yaml/{folder} has '{place}'.");
            }

            foreach (var name in files.Keys.ToArray())
            {
                files[name] = files[name].Replace(place, own, StringComparison.Ordinal);
            }
        }

        return files;
    }

    /// <summary>Gives a setting that is shown in comments, in each file of a component of ours.</summary>
    public static void Uncomment(Dictionary<string, string> files, string setting)
    {
        foreach (var (name, text) in files.Where(file => file.Value.Contains(".darq\n", StringComparison.Ordinal)).ToArray())
        {
            var shown = Regex.Match(text, $@"^    # - name: {setting}\n(    #   .*\n)+", RegexOptions.Multiline);
            if (!shown.Success)
            {
                throw new InvalidOperationException($"{name} does not show {setting}.");
            }

            files[name] = text.Replace(
                shown.Value,
                shown.Value.Replace("    # ", "    ", StringComparison.Ordinal),
                StringComparison.Ordinal
            );
        }
    }

    /// <summary>The place of the Redis of a developer's machine.</summary>
    public static (string Place, string Own) Local(RedisServer redis) => ("localhost:6379", redis.Host);
}
