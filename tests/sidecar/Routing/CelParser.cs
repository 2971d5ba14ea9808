using System.Text.Json;

namespace Darq.Sidecar.Routing;

/// <summary>Recursive descent over the tokens of an expression, lowest precedence first.</summary>
internal sealed class CelParser(string source)
{
    private readonly List<CelToken> _tokens = CelToken.Split(source);
    private int _at;

    private CelToken Current => _tokens[_at];

    public CelNode Parse()
    {
        var node = Or();
        return Current.Kind == CelKind.End ? node : throw Unexpected();
    }

    private CelNode Or()
    {
        var left = And();
        while (Take("||"))
        {
            var (a, b) = (left, And());
            left = @event => CelLogic.Either(a, b, @event, decisive: true);
        }
        return left;
    }

    private CelNode And()
    {
        var left = Comparison();
        while (Take("&&"))
        {
            var (a, b) = (left, Comparison());
            left = @event => CelLogic.Either(a, b, @event, decisive: false);
        }
        return left;
    }

    private CelNode Comparison()
    {
        var left = Unary();
        foreach (var symbol in (string[])["==", "!=", "<=", ">=", "<", ">"])
        {
            if (!Take(symbol))
            {
                continue;
            }

            var right = Unary();
            return @event => CelLogic.Compare(symbol, left(@event), right(@event));
        }
        if (Current is not { Kind: CelKind.Name, Text: "in" })
        {
            return left;
        }

        _at++;
        var container = Unary();
        return @event => CelLogic.Contains(container(@event), left(@event));
    }

    private CelNode Unary()
    {
        if (Take("!"))
        {
            var inner = Unary();
            return @event => inner(@event) is bool yes ? !yes : throw new CelException("no such overload");
        }
        if (Take("-"))
        {
            var inner = Unary();
            return @event => inner(@event) is double number ? -number : throw new CelException("no such overload");
        }
        return Postfix();
    }

    private CelNode Postfix()
    {
        var node = Primary();
        while (true)
        {
            if (Take("."))
            {
                node = Member(node, Name());
            }
            else if (Take("["))
            {
                node = Index(node);
            }
            else
            {
                return node;
            }
        }
    }

    private CelNode Member(CelNode owner, string name)
    {
        if (!Take("("))
        {
            return @event => CelLogic.Field(owner(@event), name);
        }

        var arguments = Arguments();
        if (!CelLogic.IsMethod(name, arguments.Count))
        {
            throw new CelException($"undeclared reference to '{name}'");
        }

        return @event => CelLogic.Call(name, owner(@event), arguments.Select(argument => argument(@event)).ToArray());
    }

    private CelNode Index(CelNode owner)
    {
        var index = Or();
        Expect("]");
        return @event => CelLogic.Item(owner(@event), index(@event));
    }

    private CelNode Primary()
    {
        var token = Current;
        _at++;
        return token switch
        {
            { Kind: CelKind.Text } => _ => token.Text,
            { Kind: CelKind.Number } => _ => token.Number,
            { Kind: CelKind.Symbol, Text: "(" } => Closed(Or()),
            { Kind: CelKind.Symbol, Text: "[" } => List(),
            { Kind: CelKind.Name, Text: "true" } => _ => true,
            { Kind: CelKind.Name, Text: "false" } => _ => false,
            { Kind: CelKind.Name, Text: "null" } => _ => null,
            { Kind: CelKind.Name, Text: "event" } => @event => @event,
            { Kind: CelKind.Name, Text: "has" } => Has(),
            { Kind: CelKind.Name, Text: "size" } => Size(),
            _ => throw new CelException($"'{token.Text}' is not understood in '{source}'"),
        };
    }

    private CelNode Closed(CelNode node)
    {
        Expect(")");
        return node;
    }

    private CelNode List()
    {
        var items = Arguments("]");
        return @event => items.Select(item => item(@event)).ToArray();
    }

    private CelNode Size()
    {
        Expect("(");
        var inner = Closed(Or());
        return @event => CelLogic.Size(inner(@event));
    }

    // has(event.a.b) asks only for the last member; the ones before it must exist.
    private CelNode Has()
    {
        Expect("(");
        var owner = Primary();
        var path = new List<string>();
        while (Take("."))
        {
            path.Add(Name());
        }

        Expect(")");
        if (path.Count == 0)
        {
            throw new CelException("has() needs a field");
        }

        return @event =>
        {
            var value = owner(@event);
            foreach (var name in path[..^1])
            {
                value = CelLogic.Field(value, name);
            }

            return value is JsonElement { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(path[^1], out _);
        };
    }

    private List<CelNode> Arguments(string close = ")")
    {
        var arguments = new List<CelNode>();
        if (Take(close))
        {
            return arguments;
        }

        do
        {
            arguments.Add(Or());
        } while (Take(","));
        Expect(close);
        return arguments;
    }

    private string Name()
    {
        var token = Current;
        _at++;
        return token.Kind == CelKind.Name ? token.Text : throw new CelException($"a field name is missing in '{source}'");
    }

    private bool Take(string symbol)
    {
        if (Current.Kind != CelKind.Symbol || Current.Text != symbol)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol))
        {
            throw Unexpected();
        }
    }

    private CelException Unexpected() => new($"'{Current.Text}' is not understood in '{source}'");
}
