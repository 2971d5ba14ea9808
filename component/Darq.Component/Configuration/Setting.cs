namespace Darq.Component.Configuration;

/// <summary>What a setting is for; decides how it is reported when it is given.</summary>
internal enum SettingRole
{
    /// <summary>Changes what the component does.</summary>
    Effective,

    /// <summary>Read by the sidecar from the same list; passes without a word.</summary>
    Sidecar,

    /// <summary>Known from the built-in Redis components, accepted, of no effect here; said once at Init.</summary>
    WithoutEffect,

    /// <summary>As <see cref="WithoutEffect"/>, but somebody who set it may rely on it: said as a warning.</summary>
    Missed,

    /// <summary>Part of the design but not of this version: refused unless it asks for what is there anyway.</summary>
    Later,
}

/// <summary>
/// One key of a component's metadata: its name, the form its value takes, its default and what it does. The tables of
/// these decide what Init accepts, and the printed reference is made from them.
/// </summary>
internal abstract class Setting(string name, string form, string standard, string description)
{
    public string Name { get; } = name;

    /// <summary>The accepted form, worded to follow "give".</summary>
    public string Form { get; } = form;

    /// <summary>What holds when the key is not given, in the same form; empty where nothing holds.</summary>
    public string Standard { get; } = standard;

    public string Description { get; } = description;

    public SettingRole Role { get; init; }

    /// <summary>Secret values are never shown, logged or written to a file.</summary>
    public bool Secret { get; init; }

    /// <summary>Whether line breaks are part of the form, as in a certificate.</summary>
    public bool MultiLine { get; init; }

    /// <summary>Reads the value; returns what is wrong with it, or null.</summary>
    public abstract string? Read(string text, out object value);

    public override string ToString() => Name;
}

/// <summary>A setting whose value is a <typeparamref name="T"/>.</summary>
internal sealed class Setting<T>(string name, string form, string standard, string description, Setting<T>.Reader read)
    : Setting(name, form, standard, description)
    where T : notnull
{
    /// <summary>
    /// Reads a value; returns what is wrong with it, <see cref="SettingForms.Wrong"/> for "not in the accepted form", or null.
    /// </summary>
    internal delegate string? Reader(string text, out T value);

    public required T Default { get; init; }

    public override string? Read(string text, out object value)
    {
        var complaint = read(text, out var typed);
        value = typed;
        return complaint;
    }
}
