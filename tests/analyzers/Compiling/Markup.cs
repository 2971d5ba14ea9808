using System.Text;
using Microsoft.CodeAnalysis.Text;

namespace Darq.Tests.Analyzers.Compiling;

/// <summary>A source in which <c>[|</c> and <c>|]</c> stand around what is to be reported.</summary>
internal sealed record Markup(string Source, IReadOnlyList<TextSpan> Spans)
{
    public static Markup Parse(string marked)
    {
        var source = new StringBuilder();
        var spans = new List<TextSpan>();
        var start = -1;
        for (var i = 0; i < marked.Length; i++)
        {
            var mark = i + 1 < marked.Length ? marked.Substring(i, 2) : "";
            if (mark == "[|")
            {
                start = source.Length;
                i++;
            }
            else if (mark == "|]")
            {
                spans.Add(TextSpan.FromBounds(start, source.Length));
                i++;
            }
            else
            {
                source.Append(marked[i]);
            }
        }

        return new(source.ToString(), spans);
    }
}
