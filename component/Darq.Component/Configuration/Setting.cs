namespace Darq.Component.Configuration;

/// <summary>The effect of a setting, which decides how Init reports it.</summary>
internal enum SettingRole
{
    /// <summary>Changes what the component does.</summary>
    Effective,

    /// <summary>Read by the sidecar from the same list; accepted silently.</summary>
    Sidecar,

    /// <summary>Known from the built-in Redis components, accepted, without effect here; logged at Init.</summary>
    WithoutEffect,

    /// <summary>As <see cref="WithoutEffect"/>, but its user may rely on it: logged as a warning.</summary>
    Missed,

    /// <summary>Part of the design but not of this version: refused unless its value is what the component does anyway.</summary>
    Later,
}

/// <summary>
/// One key of a component's metadata: its name, its form, its default and its effect. The tables of these decide what Init
/// accepts, and the printed reference is made from them.
/// </summary>
internal abstract class Setting(string name, string form, string standard, string description)
{
    public string Name { get; } = name;

    /// <summary>The accepted form, worded to follow "give".</summary>
    public string Form { get; } = form;

    /// <summary>The default, in the same form; empty where there is none.</summary>
    public string Standard { get; } = standard;

    public string Description { get; } = description;

    public SettingRole Role { get; init; }

    /// <summary>Secret values are never shown, logged or written to a file.</summary>
    public bool Secret { get; init; }

    /// <summary>Whether line breaks are part of the form, as in a certificate.</summary>
    public bool MultiLine { get; init; }

    /// <summary>Reads the value; returns an error, or null.</summary>
    public abstract string? Read(string text, out object value);

    public override string ToString() => Name;
}

/// <summary>A setting whose value is a <typeparamref name="T"/>.</summary>
internal sealed class Setting<T>(string name, string form, string standard, string description, Setting<T>.Reader read)
    : Setting(name, form, standard, description)
    where T : notnull
{
    /// <summary>
    /// Reads a value; returns an error (<see cref="SettingForms.Wrong"/> for "not in the accepted form"), or null.
    /// </summary>
    internal delegate string? Reader(string text, out T value);

    public required T Default { get; init; }

    public override string? Read(string text, out object value)
    {
        var error = read(text, out var typed);
        value = typed;
        return error;
    }
}
