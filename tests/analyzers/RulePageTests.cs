using System.Reflection;
using Darq.Analyzers;
using Darq.Tests.Shared;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Diagnostics;
using Xunit;

namespace Darq.Tests.Analyzers;

public sealed class RulePageTests
{
    private static readonly Type[] Types = [.. typeof(Rules).Assembly.GetTypes(), .. typeof(DaprCallFix).Assembly.GetTypes()];

    public static TheoryData<string> Ids => [.. Descriptors.Select(rule => rule.Id)];

    private static IEnumerable<DiagnosticDescriptor> Descriptors =>
        typeof(Rules)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(descriptor => descriptor.GetValue(null))
            .OfType<DiagnosticDescriptor>();

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_rule_has_its_section_where_its_link_leads(string id)
    {
        var link = new Uri(Descriptors.Single(rule => rule.Id == id).HelpLinkUri);
        var page = link.AbsolutePath.Split("/blob/main/")[1];
        var lines = File.ReadAllLines(Repository.PathOf(page));

        var anchor = Array.IndexOf(lines, $"<a id=\"{link.Fragment.TrimStart('#')}\"></a>");

        Assert.True(anchor >= 0, $"{page} has no anchor for {link.Fragment}");
        Assert.StartsWith($"## {id}: ", lines.Skip(anchor + 1).First(line => line.Length > 0), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_rule_is_reported_by_one_analyzer(string id) =>
        Assert.Single(
            Made<DiagnosticAnalyzer>()
                .Where(analyzer => analyzer.GetType().GetCustomAttribute<DiagnosticAnalyzerAttribute>() is not null)
                .SelectMany(analyzer => analyzer.SupportedDiagnostics),
            rule => rule.Id == id
        );

    [Fact]
    public void Every_fix_is_exported_and_fixes_a_rule() =>
        Assert.All(
            Made<CodeFixProvider>(),
            fix =>
            {
                Assert.NotNull(fix.GetType().GetCustomAttribute<ExportCodeFixProviderAttribute>());
                Assert.Subset(Descriptors.Select(rule => rule.Id).ToHashSet(), fix.FixableDiagnosticIds.ToHashSet());
            }
        );

    private static T[] Made<T>() =>
        [.. Types.Where(type => type.IsSubclassOf(typeof(T)) && !type.IsAbstract).Select(type => (T)Activator.CreateInstance(type)!)];
}
