namespace Darq.Sidecar.Routing;

/// <summary>The operators. Arithmetic takes two values of one type: nothing is converted, and nothing overflows silently.</summary>
internal static class CelOperators
{
    /// <summary>
    /// <c>||</c> and <c>exists</c>, where true decides, <c>&amp;&amp;</c> and <c>all</c>, where false does: one decisive part settles the
    /// result even when others fail.
    /// </summary>
    public static bool Decide(IEnumerable<Func<object?>> parts, bool decisive)
    {
        CelException? failure = null;
        foreach (var part in parts)
        {
            try
            {
                if ((part() is bool value ? value : throw CelException.NoOverload()) == decisive)
                {
                    return decisive;
                }
            }
            catch (CelException fault)
            {
                failure ??= fault;
            }
        }

        return failure is null ? !decisive : throw failure;
    }

    public static bool Relate(string symbol, object? left, object? right) =>
        symbol switch
        {
            "==" => CelValues.Same(left, right),
            "!=" => !CelValues.Same(left, right),
            "<" => CelValues.Order(left, right) < 0,
            "<=" => CelValues.Order(left, right) <= 0,
            ">" => CelValues.Order(left, right) > 0,
            ">=" => CelValues.Order(left, right) >= 0,
            _ => CelValues.Contains(right, left),
        };

    public static object Calculate(string symbol, object? left, object? right)
    {
        try
        {
            return (left, right) switch
            {
                (long a, long b) => Signed(symbol, a, b),
                (ulong a, ulong b) => Unsigned(symbol, a, b),
                (double a, double b) => Floating(symbol, a, b),
                (DateTimeOffset or TimeSpan, DateTimeOffset or TimeSpan) => Time(symbol, left, right),
                (string a, string b) when symbol == "+" => a + b,
                (byte[] a, byte[] b) when symbol == "+" => a.Concat(b).ToArray(),
                (object?[] a, object?[] b) when symbol == "+" => a.Concat(b).ToArray(),
                _ => throw CelException.NoOverload(),
            };
        }
        catch (OverflowException)
        {
            throw new CelException("integer overflow");
        }
        catch (DivideByZeroException)
        {
            throw new CelException(symbol == "%" ? "modulus by zero" : "division by zero");
        }
    }

    public static object Negate(object? value) =>
        value switch
        {
            long number when number != long.MinValue => -number,
            long => throw new CelException("integer overflow"),
            double number => -number,
            TimeSpan duration => -duration,
            _ => throw CelException.NoOverload(),
        };

    private static long Signed(string symbol, long left, long right) =>
        symbol switch
        {
            "+" => checked(left + right),
            "-" => checked(left - right),
            "*" => checked(left * right),
            "/" => left / right,
            _ => right == -1 ? 0 : left % right,
        };

    private static ulong Unsigned(string symbol, ulong left, ulong right) =>
        symbol switch
        {
            "+" => checked(left + right),
            "-" => checked(left - right),
            "*" => checked(left * right),
            "/" => left / right,
            _ => left % right,
        };

    private static double Floating(string symbol, double left, double right) =>
        symbol switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            _ => throw CelException.NoOverload(),
        };

    private static object Time(string symbol, object left, object right) =>
        (symbol, left, right) switch
        {
            ("+", DateTimeOffset time, TimeSpan duration) => time + duration,
            ("+", TimeSpan duration, DateTimeOffset time) => time + duration,
            ("+", TimeSpan a, TimeSpan b) => a + b,
            ("-", DateTimeOffset time, TimeSpan duration) => time - duration,
            ("-", DateTimeOffset a, DateTimeOffset b) => a - b,
            ("-", TimeSpan a, TimeSpan b) => a - b,
            _ => throw CelException.NoOverload(),
        };
}
