using Darq.Testing.Crashes;

namespace Darq.Testing;

/// <summary>A moment in the life of a delivery at which <see cref="DarqTestHost.CrashNext"/> lets the app's process die.</summary>
public readonly record struct At
{
    private readonly MomentKind _kind;
    private readonly int _call;
    private readonly bool _isCommit;

    private At(MomentKind kind, int call = 0, bool isCommit = false) => (_kind, _call, _isCommit) = (kind, call, isCommit);

    /// <summary>The message was on its way to the handler, which does not see it.</summary>
    public static At BeforeHandler => new(MomentKind.BeforeHandler);

    /// <summary>The handler has answered; its answer reaches nobody.</summary>
    public static At AfterHandler => new(MomentKind.AfterHandler);

    /// <summary>The component has the handler's answer, and has not told Redis.</summary>
    public static At AfterAnswer => new(MomentKind.AfterAnswer);

    /// <summary>The step that consumes the message was on its way, and does not take effect.</summary>
    public static At BeforeCommit => new(MomentKind.BeforeCall, isCommit: true);

    /// <summary>The step that consumes the message took effect; its answer reaches nobody.</summary>
    public static At AfterCommit => new(MomentKind.AfterCall, isCommit: true);

    /// <summary>A call of the handler to the sidecar was on its way, and does not take effect.</summary>
    /// <param name="call">Which one, counted from 1 in each delivery.</param>
    /// <returns>The moment.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="call"/> is less than 1.</exception>
    public static At BeforeCall(int call) => new(MomentKind.BeforeCall, Checked(call));

    /// <summary>A call of the handler to the sidecar took effect; its answer reaches nobody.</summary>
    /// <param name="call">Which one, counted from 1 in each delivery.</param>
    /// <returns>The moment.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="call"/> is less than 1.</exception>
    public static At AfterCall(int call) => new(MomentKind.AfterCall, Checked(call));

    /// <summary>Its name.</summary>
    /// <returns>For example <c>AfterCall(2)</c>.</returns>
    public override string ToString() =>
        (_kind, _isCommit) switch
        {
            (MomentKind.BeforeCall, true) => nameof(BeforeCommit),
            (MomentKind.AfterCall, true) => nameof(AfterCommit),
            (MomentKind.BeforeCall or MomentKind.AfterCall, false) => $"{_kind}({_call})",
            _ => _kind.ToString(),
        };

    internal bool Is(Moment moment) => moment.Kind == _kind && (_call == 0 || moment.Call == _call) && (!_isCommit || moment.IsCommit);

    private static int Checked(int call)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(call, 1);
        return call;
    }
}
