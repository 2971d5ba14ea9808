using System.Globalization;
using System.Text.RegularExpressions;

namespace Darq.Tests.Shared;

/// <summary>One sample: a name, its labels in the order of their names, and a value.</summary>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>
/// A strict reader of Prometheus' text format, version 0.0.4: it takes nothing that the format does not allow, such as a family in two
/// places, a sample twice, or an unknown escape.
/// </summary>
internal sealed partial class PrometheusText
{
    private static readonly string[] Types = ["counter", "gauge", "histogram", "summary", "untyped"];

    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly HashSet<string> _closed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<PrometheusSample> _samples = [];
    private string _family = "";

    private PrometheusText() { }

    public IReadOnlyList<PrometheusSample> Samples => _samples;

    public IReadOnlyDictionary<string, string> TypeOf => _types;

    public static PrometheusText Parse(string text)
    {
        var parsed = new PrometheusText();
        if (text.Length > 0 && text[^1] != '\n')
        {
            throw new FormatException("The last line does not end in a line feed.");
        }

        foreach (var line in text.Split('\n')[..^1])
        {
            parsed.Read(line);
        }

        return parsed;
    }

    /// <summary>The value of the one sample with these labels, given as <c>name=value</c>; null where there is none.</summary>
    public double? Value(string name, params string[] labels)
    {
        var found = _samples
            .Where(sample => sample.Name == name && labels.All(label => sample.Labels.Any(known => $"{known.Key}={known.Value}" == label)))
            .ToArray();
        return found.Length > 1 ? throw new InvalidOperationException($"{name} has {found.Length} samples with these labels.")
            : found.Length == 1 ? found[0].Value
            : null;
    }

    private void Read(string line)
    {
        if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
        {
            ReadType(line);
        }
        else if (line.StartsWith("# HELP ", StringComparison.Ordinal))
        {
            Enter(Match(Help(), line).Groups[1].Value);
        }
        else if (line.Length > 0 && line[0] != '#')
        {
            ReadSample(line);
        }
    }

    private void ReadType(string line)
    {
        var type = Match(Type(), line);
        var (name, kind) = (type.Groups[1].Value, type.Groups[2].Value);
        Enter(name);
        if (!Types.Contains(kind) || !_types.TryAdd(name, kind) || _samples.Any(sample => FamilyOf(sample.Name) == name))
        {
            throw new FormatException($"A type that is unknown, given twice or after a sample: {line}");
        }
    }

    private void ReadSample(string line)
    {
        var sample = Match(Sample(), line);
        var name = sample.Groups["name"].Value;
        Enter(FamilyOf(name));
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Match label in Label().Matches(sample.Groups["labels"].Value))
        {
            if (!labels.TryAdd(label.Groups[1].Value, Unescape(label.Groups[2].Value)))
            {
                throw new FormatException($"A label twice: {line}");
            }
        }

        if (!_seen.Add($"{name}{string.Join(",", labels.Select(label => $"{label.Key}={label.Value}"))}"))
        {
            throw new FormatException($"A sample twice: {line}");
        }

        _samples.Add(new(name, labels, ValueOf(sample.Groups["value"].Value)));
    }

    /// <summary>The lines of a family stand together.</summary>
    private void Enter(string family)
    {
        if (family == _family)
        {
            return;
        }

        _closed.Add(_family);
        if (_closed.Contains(family))
        {
            throw new FormatException($"The family {family} stands in several places.");
        }

        _family = family;
    }

    private string FamilyOf(string name)
    {
        foreach (var suffix in (string[])["_bucket", "_sum", "_count"])
        {
            if (
                name.EndsWith(suffix, StringComparison.Ordinal)
                && _types.GetValueOrDefault(name[..^suffix.Length]) is "histogram" or "summary"
            )
            {
                return name[..^suffix.Length];
            }
        }

        return name;
    }

    private static string Unescape(string text) => Escape().Replace(text, match => match.Value == @"\n" ? "\n" : match.Value[1..]);

    private static double ValueOf(string text) =>
        text switch
        {
            "NaN" => double.NaN,
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
        };

    private static Match Match(Regex form, string line) =>
        form.Match(line) is { Success: true } match ? match : throw new FormatException($"A line of no form: {line}");

    [GeneratedRegex(@"\\.")]
    private static partial Regex Escape();

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) ([a-z]+)$")]
    private static partial Regex Type();

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\]|\\\\|\\n)*$")]
    private static partial Regex Help();

    [GeneratedRegex(
        @"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
            + @"(?:\{(?<labels>(?:[a-zA-Z_][a-zA-Z0-9_]*=""(?:[^""\\]|\\[\\""n])*""(?:,(?!\})|(?=\})))*)\})?"
            + @" (?<value>NaN|[+-]Inf|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(?: -?[0-9]+)?$",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex Sample();

    [GeneratedRegex(@"([a-zA-Z_][a-zA-Z0-9_]*)=""((?:[^""\\]|\\[\\""n])*)""")]
    private static partial Regex Label();
}
