using System.Globalization;
using System.Text;
using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// The bank's app behind one engine. A transfer is a step: two balances, guarded by their etags, and a receipt. A receipt is a step that
/// counts itself. A note is only acknowledged.
/// </summary>
internal sealed class BankApp : IAsyncDisposable
{
    public const string TransferTopic = "transfers";
    public const string ReceiptTopic = "receipts";
    public const string NoteTopic = "notes";

    private static readonly SubscriptionOptions Options = new()
    {
        Concurrent = true,
        RetryDelay = TimeSpan.FromMilliseconds(20),
        MaxRetryDelay = TimeSpan.FromMilliseconds(200),
    };

    private readonly EngineRun _run;
    private readonly Bank _bank;
    private readonly List<DeliveryStream> _streams = [];

    public BankApp(EngineRun run, Bank bank)
    {
        (_run, _bank) = (run, bank);
        Attach("ledger", TransferTopic, TransferAsync);
        Attach("audit", ReceiptTopic, ConfirmAsync);
        Attach("reader", NoteTopic, (_, _) => Task.CompletedTask);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams)
        {
            await stream.DisposeAsync();
        }
    }

    private void Attach(string group, string topic, Func<Delivery, string, Task> handle)
    {
        var sink = new Sink(handle, _bank);
        var stream = _run.Subscriptions.Attach(group, topic, Options, sink);
        sink.Stream.SetResult(stream);
        _streams.Add(stream);
    }

    private async Task TransferAsync(Delivery delivery, string text)
    {
        var transfer = Transfer.Parse(text);
        StateKey[] keys = [Bank.AccountKey(transfer.From), Bank.AccountKey(transfer.To)];
        var found = await _run.State.GetAsync(keys, default);
        StateOperation Change(int at, long change) =>
            new(StateChange.Upsert, keys[at])
            {
                Value = Bytes(Account.Parse(Text(found[at].Data)).After(transfer.Id, change).Text),
                ETag = found[at].ETag,
            };
        var result = await _run.StepExecutor.TransactAsync(
            [Change(0, -transfer.Amount), Change(1, transfer.Amount)],
            new Dictionary<string, string>
            {
                ["darq.token"] = delivery.Token,
                ["darq.emit"] = $$"""[{"topic":"{{ReceiptTopic}}","data":"{{transfer.Id}}"}]""",
            },
            default
        );
        _bank.Steps[transfer.Id] = (delivery.Message.Partition, result.Applied);
    }

    private async Task ConfirmAsync(Delivery delivery, string text)
    {
        using var data = JsonDocument.Parse(text);
        var key = Bank.ReceiptKey(data.RootElement.GetProperty("data").GetString()!);
        var found = (await _run.State.GetAsync([key], default))[0];
        var count = found.ETag is null ? 0 : int.Parse(Text(found.Data), CultureInfo.InvariantCulture);
        await _run.StepExecutor.TransactAsync(
            [
                new(StateChange.Upsert, key)
                {
                    Value = Bytes($"{count + 1}"),
                    ETag = found.ETag,
                    FirstWrite = found.ETag is null,
                },
            ],
            new Dictionary<string, string> { ["darq.token"] = delivery.Token },
            default
        );
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Answers for a handler.</summary>
    private sealed class Sink(Func<Delivery, string, Task> handle, Bank bank) : IDeliverySink
    {
        // Calls come one at a time.
        private long _worldLine;

        public TaskCompletionSource<DeliveryStream> Stream { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
        {
            if (delivery.WorldLine < _worldLine)
            {
                bank.Wrong.Enqueue($"{delivery.Message.Id} came with world-line {delivery.WorldLine} after one with {_worldLine}");
            }

            _worldLine = delivery.WorldLine;
            _ = HandleAsync(delivery);
            return ValueTask.CompletedTask;
        }

        private async Task HandleAsync(Delivery delivery)
        {
            // Off the thread of the core.
            await Task.Yield();
            var stream = await Stream.Task;
            try
            {
                await handle(delivery, Inbox.Text(delivery));
                stream.Ack(delivery.Token);
            }
            catch (DarqException refused) when (refused.Code == ErrorCode.Conflict)
            {
                stream.Conflict(delivery.Token, "");
            }
            catch (DarqException refused) when (refused.Code is ErrorCode.Unavailable or ErrorCode.Fenced or ErrorCode.Stale)
            {
                stream.Nack(delivery.Token);
            }
            catch (Exception fault)
            {
                bank.Wrong.Enqueue($"the handler of {delivery.Message.Id} failed: {fault}");
                stream.Nack(delivery.Token);
            }
        }
    }
}
