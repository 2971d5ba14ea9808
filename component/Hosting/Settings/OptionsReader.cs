using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Darq.Lanes;
using Darq.Partitions;
using Darq.Redis;

namespace Darq.Hosting.Settings;

/// <summary>Turns a metadata list into options: reads every key, then checks what only several keys together can get wrong.</summary>
internal static class OptionsReader
{
    public static OptionsReading Read(ComponentService service, IEnumerable<KeyValuePair<string, string>> properties)
    {
        var values = SettingValues.Read(SettingTable.Of(service), properties);
        var redis = Redis(values);
        var subscription = Subscription(values, new SubscriptionOptions { MaxBacklog = values.Get(NamespaceSettings.MaxBacklog) }, service == ComponentService.InputBinding);
        var options = new InstanceOptions
        {
            Redis = redis,
            Namespace = Namespace(values),
            Subscription = subscription,
            Group = Group(values, service),
            Topics = Topics(values, service),
            DefaultTopic = Given(values, SettingTable.Topic),
            AppId = Given(values, NamespaceSettings.AppId),
            KeyPrefix = KeyPrefix(values),
            DefaultTimeToLive = values.Get(SettingTable.TtlInSeconds) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        return new OptionsReading(values.Errors.Count == 0 ? options : null, values.Errors, values.WithoutEffect, values.Warnings);
    }

    /// <summary>What one subscription asks for itself; its other metadata belongs to the app and the sidecar.</summary>
    public static (SubscriptionOptions Options, IReadOnlyList<string> Errors) ReadSubscription(
        SubscriptionOptions component, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var values = SettingValues.Read(SettingTable.Subscription, metadata, unknownPass: true);
        return (Subscription(values, component, component.Concurrent), values.Errors);
    }

    private static RedisOptions Redis(SettingValues values)
    {
        var (host, port) = Address(values);
        var (certificate, key) = (Given(values, ConnectionSettings.ClientCert), Given(values, ConnectionSettings.ClientKey));
        CheckCertificate(values, certificate, key);
        return new RedisOptions
        {
            Host = host,
            Port = port,
            Database = (int)values.Get(ConnectionSettings.RedisDb),
            Password = Given(values, ConnectionSettings.RedisPassword),
            EnableTls = values.Get(ConnectionSettings.EnableTls),
            SkipTlsVerification = values.Get(ConnectionSettings.InsecureSkipTlsVerify),
            ClientCertificate = certificate,
            ClientKey = key,
            DialTimeout = values.Get(ConnectionSettings.DialTimeout),
        };
    }

    private static (string Host, int Port) Address(SettingValues values)
    {
        var (text, port) = (values.Get(ConnectionSettings.RedisHost), (int)values.Get(ConnectionSettings.RedisPort));
        if (text.Length == 0)
        {
            if (!values.IsGiven(ConnectionSettings.RedisHost))
                values.Add("redisHost is missing; give host or host:port");
            return ("", port);
        }

        if (text.Contains(',', StringComparison.Ordinal))
        {
            values.Add($"redisHost: {SettingValues.Show(text)} names several hosts, which Cluster and Sentinel need; that is not yet available in this version; give one host or host:port");
            return ("", port);
        }

        if (!HostAddress.TryRead(text, out var host, out var inHost))
            values.Add($"redisHost: {SettingValues.Show(text)} is not accepted; give {ConnectionSettings.RedisHost.Form}");
        else if (inHost is not null && values.Has(ConnectionSettings.RedisPort) && inHost != port)
            values.Add($"redisPort: \"{port}\" contradicts redisHost {SettingValues.Show(text)}; give the port once");
        return (host, inHost ?? port);
    }

    private static void CheckCertificate(SettingValues values, string? certificate, string? key)
    {
        if (values.IsGiven(ConnectionSettings.ClientCert) != values.IsGiven(ConnectionSettings.ClientKey))
            values.Add(certificate is null ? "clientKey is given without clientCert; give both" : "clientCert is given without clientKey; give both");
        if (certificate is null || key is null)
            return;
        if (!values.Get(ConnectionSettings.EnableTls))
            values.Add("clientCert is given but enableTLS is not true; give enableTLS: \"true\" or leave clientCert and clientKey out");
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            values.Add("clientCert and clientKey are not a certificate and its own key; give PEM text of both");
        }
    }

    private static NamespaceOptions Namespace(SettingValues values) => new()
    {
        Name = values.Get(NamespaceSettings.Namespace),
        Partitions = (int)values.Get(NamespaceSettings.Partitions),
        DedupWindow = values.Get(NamespaceSettings.DedupWindow),
        RetryWindow = values.Get(NamespaceSettings.RetryWindow),
        StepRetention = values.Get(NamespaceSettings.StepRetention),
        MaxBacklog = values.Get(NamespaceSettings.MaxBacklog),
        CallTimeout = values.Get(NamespaceSettings.CallTimeout),
        DedupBy = values.Get(NamespaceSettings.DedupBy),
        CrossPartitionSteps = values.Get(NamespaceSettings.CrossPartitionSteps),
    };

    private static SubscriptionOptions Subscription(SettingValues values, SubscriptionOptions standard, bool concurrent)
    {
        var delay = Either(values, DeliverySettings.RetryDelay, DeliverySettings.RedeliverInterval, standard.RetryDelay, static value => value > TimeSpan.Zero);
        var maxDelay = values.Has(DeliverySettings.MaxRetryDelay) ? values.Get(DeliverySettings.MaxRetryDelay) : standard.MaxRetryDelay;
        if (delay > maxDelay && values.Has(DeliverySettings.MaxRetryDelay))
            values.Add($"maxRetryDelay: \"{DurationText.Write(maxDelay)}\" is less than the retryDelay \"{DurationText.Write(delay)}\"; give at least that");
        return standard with
        {
            Order = values.Has(DeliverySettings.Order) ? values.Get(DeliverySettings.Order) : standard.Order,
            MaxInFlight = (int)Either(values, DeliverySettings.MaxInFlight, DeliverySettings.Concurrency, standard.MaxInFlight, static _ => true),
            Concurrent = concurrent,
            RetryDelay = delay,
            MaxRetryDelay = delay > maxDelay ? delay : maxDelay,
            ParkAfter = values.Has(DeliverySettings.ParkAfter) ? values.Get(DeliverySettings.ParkAfter) : standard.ParkAfter,
            MaxDeliveries = values.Has(DeliverySettings.MaxDeliveries) ? (int)values.Get(DeliverySettings.MaxDeliveries) : standard.MaxDeliveries,
            DeadLetterTopic = Given(values, DeliverySettings.DeadLetterTopic) ?? standard.DeadLetterTopic,
        };
    }

    /// <summary>What the sidecar puts before a state key, and a binding has to put there itself; null where the app's id is wanted and not known.</summary>
    private static string? KeyPrefix(SettingValues values) => values.Get(SettingTable.KeyPrefix) switch
    {
        var text when text.Equals("none", StringComparison.OrdinalIgnoreCase) => "",
        var text when text.Equals("appid", StringComparison.OrdinalIgnoreCase) => Given(values, NamespaceSettings.AppId) is { } app ? app + "||" : null,
        var text => text + "||",
    };

    /// <summary>A setting with an older name: the new name wins, a contradiction is a fault.</summary>
    private static T Either<T>(SettingValues values, Setting<T> name, Setting<T> older, T standard, Func<T, bool> counts)
        where T : notnull
    {
        var both = values.Has(name) && values.Has(older);
        if (both && !values.Get(name).Equals(values.Get(older)))
            values.Add(string.Create(CultureInfo.InvariantCulture, $"{older.Name} contradicts {name.Name}, which means the same; give {name.Name} alone"));
        return values.Has(name) ? values.Get(name)
            : values.Has(older) && counts(values.Get(older)) ? values.Get(older)
            : standard;
    }

    private static string? Group(SettingValues values, ComponentService service)
    {
        var group = Given(values, SettingTable.ConsumerId);
        if (service is ComponentService.PubSub or ComponentService.StateStore)
            return group;
        group = Given(values, SettingTable.Group) ?? group ?? Given(values, NamespaceSettings.AppId);
        var given = values.IsGiven(SettingTable.ConsumerId) || values.IsGiven(SettingTable.Group) || values.IsGiven(NamespaceSettings.AppId);
        if (!given && service == ComponentService.InputBinding && AsksForTopics(values))
            values.Add("group is missing: an input binding needs to know for whom it consumes; give group, consumerID or appID, such as appID: \"{appID}\"");
        return group;
    }

    private static List<string> Topics(SettingValues values, ComponentService service)
    {
        List<string> topics = [.. SettingTable.Split(values.Get(SettingTable.Topics))];
        if (Given(values, SettingTable.Topic) is { } topic && !topics.Contains(topic))
            topics.Insert(0, topic);
        // Without a direction the sidecar initialises both sides, also for a binding that only sends: that one has no topic to read.
        var readsOnly = values.Get(SettingTable.Direction).Contains("input", StringComparison.OrdinalIgnoreCase);
        if (service == ComponentService.InputBinding && readsOnly && !AsksForTopics(values))
            values.Add("topic is missing: the direction of this binding includes input; give topic or topics");
        return topics;
    }

    private static bool AsksForTopics(SettingValues values) => values.IsGiven(SettingTable.Topic) || values.IsGiven(SettingTable.Topics);

    private static string? Given(SettingValues values, Setting<string> setting) => values.Has(setting) ? values.Get(setting) : null;
}
