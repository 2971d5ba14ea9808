namespace Darq.Sidecar.Startup;

/// <summary>What the health endpoints answer: outbound once components and API are up, ready once the app is up and served too.</summary>
internal sealed class Health
{
    private volatile bool _outbound;
    private volatile bool _ready;

    public bool IsOutboundReady => _outbound;

    public bool IsReady => _ready;

    public void OutboundIsReady() => _outbound = true;

    public void EverythingIsReady() => _ready = true;
}
