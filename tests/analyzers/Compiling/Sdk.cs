namespace Darq.Tests.Analyzers.Compiling;

/// <summary>The part of the SDK that the analyzers know, by name only: it stands here for the real assemblies.</summary>
internal static class Sdk
{
    public const string Core = """
        #nullable enable
        using System;
        using System.Collections.Generic;
        using System.Threading;
        using System.Threading.Tasks;

        namespace Darq;

        public sealed class Step
        {
            internal Step() { }
            public StepState State { get; } = new();
            public string MessageId => "";
            public string IdempotencyKey => "";
            public CancellationToken CancellationToken => default;
            public Task ExtendAsync() => Task.CompletedTask;
            public void Emit<T>(string topic, T data, string? key = null, string? id = null, TimeSpan? timeToLive = null) { }
        }

        public sealed class StepState
        {
            internal StepState() { }
            public ValueTask<T?> Get<T>(string key) => default;
            public ValueTask<T?> Get<T>(StateKey<T> key) => default;
            public void Set<T>(string key, T value, TimeSpan? timeToLive = null) { }
            public void Delete(string key) { }
            public Task Load(params IEnumerable<string> keys) => Task.CompletedTask;
        }

        public readonly record struct StateKey<T>(string Name);

        public sealed class OutgoingMessage<T>(string id, T data)
        {
            public string Id { get; } = id;
            public T Data { get; } = data;
        }

        public interface IDarqClient
        {
            Task PublishAsync<T>(string topic, string id, T data);
            Task PublishAllAsync<T>(string topic, IEnumerable<OutgoingMessage<T>> messages);
            Task RunStepAsync(string id, Func<Step, Task> handler);
        }

        public interface IStepHandler<in T>
        {
            Task HandleAsync(T message, Step step);
        }
        """;

    public const string AspNetCore = """
        using System;
        using System.Threading.Tasks;
        using Darq;
        using Microsoft.AspNetCore.Routing;

        namespace Microsoft.AspNetCore.Builder;

        public static class DarqEndpointRouteBuilderExtensions
        {
            public static void MapStep<T>(this IEndpointRouteBuilder app, string topic, Func<T, Step, Task> handler) { }
            public static void MapStep<T, S1>(this IEndpointRouteBuilder app, string topic, Func<T, Step, S1, Task> handler) { }
            public static void MapStep<T, S1, S2>(this IEndpointRouteBuilder app, string topic, Func<T, Step, S1, S2, Task> handler) { }
        }
        """;

    public const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Net.Http.Json;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Dapr.Client;
        global using Darq;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Routing;
        """;
}
