using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Routing;

/// <summary>Recursive descent over the tokens of an expression, lowest precedence first.</summary>
internal sealed class CelParser(string source)
{
    private static readonly string[] Types = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

    private readonly List<CelToken> _tokens = CelLexer.Split(source);
    private int _at;
    private string? _unknownFunction;

    // The member that the last postfix expression ended with, if it did.
    private Field? _field;

    private CelToken Current => _tokens[_at];

    public CelNode Parse()
    {
        var node = Expression();
        if (Current.Kind != CelKind.End)
        {
            throw Unexpected();
        }

        // Only what is right otherwise gets as far as the check for functions.
        return _unknownFunction is null
            ? node
            : throw new StartException(
                $"the rule \"{source}\" calls {_unknownFunction}, which CEL does not know: daprd would never finish reading it"
            );
    }

    private CelNode Expression()
    {
        var condition = Or();
        if (!Take("?"))
        {
            return condition;
        }

        var yes = Or();
        Expect(":");
        var no = Expression();
        return scope => condition(scope) is bool holds ? (holds ? yes(scope) : no(scope)) : throw CelException.NoOverload();
    }

    private CelNode Or()
    {
        var left = And();
        while (Take("||"))
        {
            var (a, b) = (left, And());
            left = scope => CelOperators.Decide([() => a(scope), () => b(scope)], decisive: true);
        }
        return left;
    }

    private CelNode And()
    {
        var left = Relation();
        while (Take("&&"))
        {
            var (a, b) = (left, Relation());
            left = scope => CelOperators.Decide([() => a(scope), () => b(scope)], decisive: false);
        }
        return left;
    }

    private CelNode Relation()
    {
        var left = Sum();
        while (TakeOneOf("==", "!=", "<=", ">=", "<", ">", "in") is { } symbol)
        {
            var (a, b) = (left, Sum());
            left = scope => CelOperators.Relate(symbol, a(scope), b(scope));
        }
        return left;
    }

    private CelNode Sum()
    {
        var left = Product();
        while (TakeOneOf("+", "-") is { } symbol)
        {
            var (a, b) = (left, Product());
            left = scope => CelOperators.Calculate(symbol, a(scope), b(scope));
        }
        return left;
    }

    private CelNode Product()
    {
        var left = Unary();
        while (TakeOneOf("*", "/", "%") is { } symbol)
        {
            var (a, b) = (left, Unary());
            left = scope => CelOperators.Calculate(symbol, a(scope), b(scope));
        }
        return left;
    }

    private CelNode Unary()
    {
        if (Take("!"))
        {
            var inner = Unary();
            return scope => inner(scope) is bool yes ? !yes : throw CelException.NoOverload();
        }
        if (Take("-"))
        {
            var inner = Unary();
            return scope => CelOperators.Negate(inner(scope));
        }
        return Postfix();
    }

    private CelNode Postfix()
    {
        var node = Primary();
        _field = null;
        while (true)
        {
            if (Take("["))
            {
                var (owner, index) = (node, Expression());
                Expect("]");
                node = scope => CelValues.Item(owner(scope), index(scope));
                _field = null;
            }
            else if (Take("."))
            {
                node = Member(node, Name());
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
            _field = new(owner, name);
            return scope => CelValues.Item(owner(scope), name);
        }

        var node = CelMacros.IsName(name) ? Macro(owner, name) : Call(name, [owner, .. Arguments(")")], isMethod: true);
        _field = null;
        return node;
    }

    private CelNode Macro(CelNode owner, string name)
    {
        var variable = Name();
        var bodies = new List<CelNode>();
        while (Take(","))
        {
            bodies.Add(Expression());
        }

        Expect(")");
        return CelMacros.Find(name, owner, variable, [.. bodies]) ?? throw new CelException($"found no matching overload for '{name}'");
    }

    private CelNode Call(string name, CelNode[] arguments, bool isMethod)
    {
        var function = CelFunctions.Find(name, arguments.Length, isMethod);
        _unknownFunction ??= function is null ? name : null;
        return scope => function!([.. arguments.Select(argument => argument(scope))]);
    }

    private CelNode Primary()
    {
        var token = Current;
        _at++;
        return token switch
        {
            { Kind: CelKind.Literal } => _ => token.Value,
            { Kind: CelKind.Symbol, Text: "(" } => Closed(Expression(), ")"),
            { Kind: CelKind.Symbol, Text: "[" } => List(),
            { Kind: CelKind.Symbol, Text: "{" } => Map(),
            { Kind: CelKind.Symbol, Text: "." } => Named(Name()),
            { Kind: CelKind.Name } => Named(token.Text),
            _ => throw Unexpected(token),
        };
    }

    private CelNode Named(string name)
    {
        if (Take("("))
        {
            return name == "has" ? Has() : Call(name, [.. Arguments(")")], isMethod: false);
        }

        return name switch
        {
            "true" => _ => true,
            "false" => _ => false,
            "null" => _ => null,
            "in" => throw Unexpected(_tokens[_at - 1]),
            _ when Types.Contains(name) => _ => new CelType(name),
            _ => scope => scope.Find(name),
        };
    }

    private CelNode Closed(CelNode node, string close)
    {
        Expect(close);
        return node;
    }

    private CelNode List()
    {
        var items = Arguments("]");
        return scope => items.Select(item => item(scope)).ToArray();
    }

    private CelNode Map()
    {
        var members = new List<(CelNode Key, CelNode Value)>();
        while (!Take("}"))
        {
            var key = Expression();
            Expect(":");
            members.Add((key, Expression()));
            if (!Take(",") && Current.Text != "}")
            {
                throw Unexpected();
            }
        }

        return scope => members.ToDictionary(member => member.Key(scope) ?? throw CelException.NoOverload(), member => member.Value(scope));
    }

    // has(event.a.b) asks only for the last member; the ones before it must exist.
    private CelNode Has()
    {
        Closed(Postfix(), ")");
        return _field is var (owner, name)
            ? scope => CelValues.Has(owner(scope), name)
            : throw new CelException("invalid argument to has() macro");
    }

    private List<CelNode> Arguments(string close)
    {
        var arguments = new List<CelNode>();
        if (Take(close))
        {
            return arguments;
        }

        do
        {
            arguments.Add(Expression());
        } while (Take(","));
        Expect(close);
        return arguments;
    }

    private string Name()
    {
        var token = Current;
        _at++;
        return token.Kind == CelKind.Name ? token.Text : throw Unexpected(token);
    }

    private string? TakeOneOf(params ReadOnlySpan<string> symbols)
    {
        foreach (var symbol in symbols)
        {
            if (Take(symbol))
            {
                return symbol;
            }
        }

        return null;
    }

    private bool Take(string text)
    {
        if (Current.Kind is CelKind.Literal or CelKind.End || Current.Text != text)
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

    private CelException Unexpected() => Unexpected(Current);

    private static CelException Unexpected(CelToken token) =>
        new($"ERROR: <input>:1:{token.Column}: Syntax error: mismatched input '{token.Text}'");

    private sealed record Field(CelNode Owner, string Name);
}
