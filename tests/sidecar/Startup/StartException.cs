namespace Darq.Sidecar.Startup;

/// <summary>A reason not to start; the process logs it and exits with 1.</summary>
internal sealed class StartException(string message) : Exception(message);
