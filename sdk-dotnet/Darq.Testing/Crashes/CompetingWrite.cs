namespace Darq.Testing.Crashes;

/// <summary>What another step writes.</summary>
/// <param name="Key">The key, as the app names it.</param>
/// <param name="Json">Its value.</param>
internal sealed record CompetingWrite(string Key, byte[] Json);
