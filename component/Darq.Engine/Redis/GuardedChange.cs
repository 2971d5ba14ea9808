using System.Globalization;

namespace Darq.Engine.Redis;

/// <summary>
/// Commands that are executed together, if what they rest on is still as it was seen. All keys are of one slot. Immutable.
/// </summary>
/// <param name="Keys">Every key that the commands and conditions name.</param>
/// <param name="Conditions">What must hold before the first command is executed.</param>
/// <param name="Commands">What is written.</param>
internal sealed record GuardedChange(
    IReadOnlyList<string> Keys,
    IReadOnlyList<Condition> Conditions,
    IReadOnlyList<IReadOnlyList<string>> Commands
)
{
    /// <summary>
    /// KEYS: the keys. ARGV: count of conditions, then of each the number of words, the words, and the answer expected after = (or - for
    /// none); count of commands, then of each the number of words and the words. Returns 1, or 0 where a condition fails: then nothing
    /// was written. Safe to repeat: a change changes what it rests on. Complexity: that of the commands. No part of the function
    /// library, so that an operator may lack FUNCTION LOAD, and a component need not have been there before.
    /// </summary>
    public const string Script = """
        local at = 1
        local function number()
          at = at + 1
          return tonumber(ARGV[at - 1])
        end
        local function words()
          local count = number()
          at = at + count
          return redis.call(unpack(ARGV, at - count, at - 1))
        end
        for _ = 1, number() do
          local found = words()
          if type(found) == 'table' then found = found.ok end
          at = at + 1
          if (found and '=' .. found or '-') ~= ARGV[at - 1] then return 0 end
        end
        for _ = 1, number() do words() end
        return 1
        """;

    /// <summary>One command on the only key, if one condition holds.</summary>
    public static GuardedChange Of(string key, Condition condition, params string[] command) => new([key], [condition], [command]);

    /// <summary>The arguments of EVAL.</summary>
    public IReadOnlyList<string> Words() =>
        [
            Script,
            Number(Keys.Count),
            .. Keys,
            Number(Conditions.Count),
            .. Conditions.SelectMany(condition =>
                (string[])[.. Counted(condition.Command), condition.Expected is null ? "-" : "=" + condition.Expected]
            ),
            Number(Commands.Count),
            .. Commands.SelectMany(Counted),
        ];

    private static IEnumerable<string> Counted(IReadOnlyList<string> command) => [Number(command.Count), .. command];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A command that only reads, and the text that it must answer; null where it must answer nothing.</summary>
internal sealed record Condition(IReadOnlyList<string> Command, string? Expected)
{
    public static Condition Field(string key, string field, string? value) => new(["HGET", key, field], value);

    public static Condition Type(string key, string type) => new(["TYPE", key], type);
}
