using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Darq.Tests.Unit.Redis;

/// <summary>
/// The builds of the function library that were ever committed, oldest first, each with the digest of its code. A server that has the code
/// of a build is never given other code of that build, so the digest of a build never changes.
/// </summary>
internal sealed record LibraryBuilds(IReadOnlyList<string> Rows)
{
    public const string FileName = "tests/unit/Redis/library-builds.txt";

    private const string Remedy =
        "Raise FunctionLibrary.Build, here and in docs/install.md, then add its row, and leave the earlier ones as they are:\n"
        + "  DARQ_RENEW=1 dotnet test tests/unit -c Release --filter FullyQualifiedName~FunctionLibrary";

    public static LibraryBuilds Parse(string text) => new(text.Split('\n', StringSplitOptions.RemoveEmptyEntries));

    public static string Row(int build, string code) =>
        string.Create(CultureInfo.InvariantCulture, $"{build} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code)))}");

    /// <summary>With the row of a build that has none yet.</summary>
    public LibraryBuilds With(int build, string code) => Has(build) ? this : new([.. Rows, Row(build, code)]);

    /// <summary>What is wrong with the build of a code, and how to put it right.</summary>
    public string? Fault(int build, string code) =>
        !Has(build) ? $"Build {build} of the function library has no digest. {Remedy}"
        : Rows[^1] != Row(build, code) ? $"The Lua has changed, and another code already is build {build}. {Remedy}"
        : null;

    /// <summary>What is wrong with these rows beside those that were committed.</summary>
    public string? Fault(LibraryBuilds committed) =>
        Rows.Take(committed.Rows.Count).SequenceEqual(committed.Rows) ? null : $"{FileName} no longer has the rows it had. {Remedy}";

    private bool Has(int build) =>
        Rows.Any(row => row.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{build} "), StringComparison.Ordinal));
}
