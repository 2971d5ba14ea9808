using Darq.Sidecar.Startup;

try
{
    var flags = SidecarFlags.Parse(args);
    SidecarLog.SetLevel(flags.LogLevel);
    using var process = new SidecarProcess(flags, SidecarEnvironment.Read());
    return await process.RunAsync();
}
catch (StartException fault)
{
    SidecarLog.Error(fault.Message);
    return 1;
}
