using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm.Chart;

/// <summary>
/// NOTES.txt as helm shows it after an installation. Without a cluster helm does not, so a copy of the chart has it in a resource.
/// </summary>
internal static class Notes
{
    private const string Resource = """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: notes
        data:
          notes: {{ include "notes" . | quote }}
        """;

    public static async Task<string> RenderAsync(params string[] arguments)
    {
        using var copy = new TempFolder();
        var chart = Repository.PathOf("helm", "darq");
        foreach (var file in Directory.EnumerateFiles(chart, "*", SearchOption.AllDirectories))
        {
            copy.Write(Path.GetRelativePath(chart, file), await File.ReadAllTextAsync(file));
        }

        var notes = await File.ReadAllTextAsync(copy.PathOf("templates/NOTES.txt"));
        File.Delete(copy.PathOf("templates/NOTES.txt"));
        copy.Write("templates/_notes.tpl", "{{- define \"notes\" }}" + notes + "{{ end }}");
        copy.Write("templates/notes.yaml", Resource);
        var rendering = await Rendering.RenderAsync(copy.FullPath, [.. arguments, "--show-only", "templates/notes.yaml"]);
        return (string)Assert.Single(rendering.Resources)["data"]!["notes"]!;
    }
}
