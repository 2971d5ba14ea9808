using System.Text.Json;
using System.Text.Json.Serialization;

namespace Darq.Component.Instances;

/// <summary>Reads and writes an <see cref="InitRecord"/>, generated at build time: the released binary has no reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(InitRecord))]
internal sealed partial class InitRecordJson : JsonSerializerContext;
