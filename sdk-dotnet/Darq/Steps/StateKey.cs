namespace Darq;

/// <summary>
/// A key of the state with the type of its value, so that both are written down in one place:
/// <c>static StateKey&lt;int&gt; Stock(string item) => new($"stock-{item}");</c>
/// </summary>
/// <typeparam name="T">
/// The type of the value. With a nullable value type a key that does not exist reads as null; without, as the type's default.
/// </typeparam>
/// <param name="Name">
/// The key: 1 to 1,024 bytes of UTF-8, without <c>||</c>. Text in braces places it: keys with the same <c>{text}</c> lie together.
/// </param>
public readonly record struct StateKey<T>(string Name)
{
    /// <summary>The key itself.</summary>
    public override string ToString() => Name;
}
