using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Events;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Darq.Sidecar.Operations;

/// <summary>A query as apps write it, turned into the component's message: each member of the filter stays JSON.</summary>
internal static class StateQuery
{
    /// <summary>Throws <see cref="GoJsonException"/> if it is no JSON.</summary>
    public static Query Parse(ReadOnlyMemory<byte> text)
    {
        using var document = GoJson.Parse(text);
        var root = document.RootElement;
        var query = new Query();
        if (root.Field("filter") is { ValueKind: JsonValueKind.Object } filter)
        {
            foreach (var member in filter.EnumerateObject())
            {
                query.Filter[member.Name] = new Any { Value = ByteString.CopyFrom(GoJson.Write(member.Value, GoNumbers.Floats)) };
            }
        }

        query.Sort.Add(root.Items("sort").Select(SortingOf));
        if (root.Field("page") is { } page)
        {
            var limit = page.Field("limit") is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : 0;
            query.Pagination = new() { Limit = limit, Token = page.Text("token") };
        }

        return query;
    }

    private static Sorting SortingOf(JsonElement item) =>
        new() { Key = item.Text("key"), Order = item.Text("order") == "DESC" ? Sorting.Types.Order.Desc : Sorting.Types.Order.Asc };
}
