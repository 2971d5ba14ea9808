using System.Text.Json.Serialization;

namespace Darq.Engine.Steps.Json;

/// <summary>
/// How text and lists of text are read and written as JSON, generated at build time: the released binary has no reflection.
/// </summary>
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class StepJson : JsonSerializerContext;
