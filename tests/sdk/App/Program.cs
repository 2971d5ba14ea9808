using Darq.Tests.Sdk.App;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddDaprClient();
builder.Services.AddDarq(options => (options.PubSub, options.StateStore) = ("pubsub", "store"));
builder.Services.AddSingleton<Payments>();
var app = builder.Build();
app.UseCloudEvents();
app.MapSubscribeHandler();
app.MapDarqHealth("/ready");
Handlers.Map(app);
await app.RunAsync();
