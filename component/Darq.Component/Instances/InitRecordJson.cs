using System.Text.Json;
using System.Text.Json.Serialization;

namespace Darq.Component.Instances;

/// <summary>How an <see cref="InitRecord"/> is read and written, generated at build time: the released binary has no reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(InitRecord))]
internal sealed partial class InitRecordJson : JsonSerializerContext;
