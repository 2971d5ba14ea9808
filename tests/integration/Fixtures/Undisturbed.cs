using Xunit;

namespace Darq.Tests.Integration.Fixtures;

/// <summary>Tests that measure a promptness we promise: nothing else of this project runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Undisturbed
{
    public const string Name = "undisturbed";
}
