using Darq.Component.Configuration;
using Xunit;

namespace Darq.Tests.Unit.Configuration;

/// <summary>What Init makes of some settings; redisHost is given where a test does not say otherwise.</summary>
internal static class InitOptions
{
    public static OptionsReading Read(ComponentService service, params (string Key, string Value)[] properties)
    {
        IEnumerable<(string Key, string Value)> all = properties.Any(property => property.Key == "redisHost")
            ? properties
            : [("redisHost", "redis"), .. properties];
        return OptionsReader.Read(service, all.Select(property => KeyValuePair.Create(property.Key, property.Value)));
    }

    public static InstanceOptions Accepted(ComponentService service, params (string Key, string Value)[] properties)
    {
        var reading = Read(service, properties);
        Assert.Empty(reading.Errors);
        return reading.Options!;
    }

    public static void Refused(ComponentService service, string expected, params (string Key, string Value)[] properties)
    {
        var reading = Read(service, properties);
        Assert.Null(reading.Options);
        Assert.Contains(reading.Errors, error => error.Contains(expected, StringComparison.Ordinal));
    }
}
