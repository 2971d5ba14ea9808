using System.Reflection;

namespace Darq.Tests.Simulation.Fixtures;

/// <summary>Counts what an object of the component keeps alive, for tests of what must be let go.</summary>
internal static class Reachable
{
    /// <summary>How many objects of a type can be reached through the fields of the component's own objects and of collections.</summary>
    public static int Count<T>(object root)
        where T : class
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance) { root };
        var open = new Queue<object>([root]);
        while (open.TryDequeue(out var next))
        {
            foreach (var value in Parts(next))
            {
                // A value inside a value is a new box each time; it is looked into, and not remembered.
                if (value is ValueType || seen.Add(value))
                {
                    open.Enqueue(value);
                }
            }
        }
        return seen.OfType<T>().Count();
    }

    private static IEnumerable<object> Parts(object whole)
    {
        if (whole is Array array)
        {
            return MayHold(array.GetType().GetElementType()!) ? array.Cast<object?>().OfType<object>() : [];
        }

        if (!IsLookedInto(whole.GetType()))
        {
            return [];
        }

        return Fields(whole.GetType()).Select(field => field.GetValue(whole)).OfType<object>();
    }

    private static IEnumerable<FieldInfo> Fields(Type? type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (; type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(Own))
            {
                if (MayHold(field.FieldType))
                {
                    yield return field;
                }
            }
        }
    }

    private static bool MayHold(Type type) =>
        !type.IsPrimitive && !type.IsPointer && !type.IsEnum && !type.IsByRefLike && type != typeof(string) && type != typeof(decimal);

    /// <summary>Threads, tasks and what belongs to the simulation lead everywhere, and are none of the component's memory.</summary>
    private static bool IsLookedInto(Type type) =>
        type.Assembly == typeof(Darq.Engine.Subscriptions.Subscription).Assembly
        || type.Namespace?.StartsWith("System.Collections", StringComparison.Ordinal) == true
        || type.IsGenericType && type.FullName!.StartsWith("System.ValueTuple", StringComparison.Ordinal)
        || typeof(Delegate).IsAssignableFrom(type);
}
