namespace Darq.Component.Cli;

/// <summary>What a command of <c>darq</c> tells a script.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>Findings of severity error, damage that is left after a repair, or a component that is not well.</summary>
    public const int Damage = 1;

    /// <summary>The command line is wrong, or Redis or the component cannot be reached under it.</summary>
    public const int Usage = 2;
}
