using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Grpc;

/// <summary>
/// The .proto files behind a set of services with everything they import, by file name and by each symbol they declare.
/// </summary>
internal sealed class FileCatalogue
{
    private readonly Dictionary<string, FileDescriptor> _byName = [];
    private readonly Dictionary<string, FileDescriptor> _bySymbol = [];

    public FileCatalogue(IEnumerable<ServiceDescriptor> services)
    {
        foreach (var service in services)
            Add(service.File);
    }

    public FileDescriptor? ByName(string name) => _byName.GetValueOrDefault(name);

    public FileDescriptor? BySymbol(string symbol) => _bySymbol.GetValueOrDefault(symbol);

    /// <summary>The file and all it imports, each once; a client needs every one of them to use the first.</summary>
    public static IEnumerable<FileDescriptor> WithImports(FileDescriptor file) =>
        file.Dependencies.SelectMany(WithImports).Prepend(file).DistinctBy(each => each.Name);

    private void Add(FileDescriptor file)
    {
        if (!_byName.TryAdd(file.Name, file))
            return;
        foreach (var service in file.Services)
            Declare(file, [service, .. service.Methods]);
        Declare(file, file.EnumTypes);
        foreach (var message in file.MessageTypes)
            AddMessage(message);
        foreach (var import in file.Dependencies)
            Add(import);
    }

    private void AddMessage(MessageDescriptor message)
    {
        Declare(message.File, [message, .. message.Fields.InDeclarationOrder(), .. message.Oneofs, .. message.EnumTypes]);
        foreach (var nested in message.NestedTypes)
            AddMessage(nested);
    }

    private void Declare(FileDescriptor file, IEnumerable<IDescriptor> symbols)
    {
        foreach (var symbol in symbols)
            _bySymbol[symbol.FullName] = file;
    }
}
