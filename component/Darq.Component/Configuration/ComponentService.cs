namespace Darq.Component.Configuration;

/// <summary>The services that have instances of their own. The transactional services work on the instances of StateStore.</summary>
internal enum ComponentService
{
    PubSub,
    StateStore,
    InputBinding,
    OutputBinding,
}
