using System.Collections.Concurrent;

namespace Darq.Tests.Sdk.App;

/// <summary>A service outside of Redis that knows a repeated request by its key.</summary>
public sealed class Payments
{
    private readonly ConcurrentDictionary<string, int> _charges = new();

    public int Count => _charges.Count;

    public void Charge(string key, int amount) => _charges[key] = amount;
}
