using Darq.Component.Cli.Data;

namespace Darq.Component.Cli.Reading;

/// <summary>Reads a partition header page by page.</summary>
internal sealed class HeaderReader(Scans scans)
{
    public async Task ReadAsync(HeaderFacts header, CancellationToken cancellation)
    {
        try
        {
            await foreach (var (field, value) in scans.PairsAsync("HSCAN", header.Key, null, cancellation))
            {
                header.Add(field, value);
            }
        }
        catch (RefusedScanException refused) when (refused.Error.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            header.IsReadable = false;
        }
    }
}
