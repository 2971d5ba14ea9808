#:sdk Microsoft.NET.Sdk.Web
#:property PublishAot=false
// Moves money from one account to another. The answer to a message is its step.
var app = WebApplication.CreateBuilder(args).Build();
var dapr = new HttpClient { BaseAddress = new("http://localhost:3500") };

app.MapPost("/work", async (Event message) =>
{
    var transfer = message.Data;
    var read = await dapr.PostAsJsonAsync("v1.0/state/ledger/bulk", new { keys = new[] { transfer.From, transfer.To } });
    var accounts = (await read.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Account[]>())!;
    return new
    {
        state = accounts.Select(account => new
        {
            op = "upsert",
            key = account.Key,
            value = account.Data + (account.Key == transfer.To ? transfer.Amount : -transfer.Amount),
            // Only if nobody has changed it since it was read.
            etag = account.ETag,
            concurrency = account.ETag is null ? "first-write" : null,
        }),
        emit = new[] { new { topic = "receipts", data = transfer } },
    };
});
app.Run("http://localhost:8080"); // An exception answers 500, and the message comes again.

sealed record Event(Transfer Data);
sealed record Transfer(string From, string To, long Amount);
sealed record Account(string Key, string? ETag, long Data = 0);
