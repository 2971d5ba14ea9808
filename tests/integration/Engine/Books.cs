using System.Globalization;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Engine;

/// <summary>Redis' own count of every lane of a namespace: what its topic got is consumed, dead, expired or still to be done.</summary>
internal static class Books
{
    /// <summary>Per lane: header and name, numbers of the topic and of the lane, acked above the watermark, queued.</summary>
    private const string Lanes =
        "local lines = {} for _, header in ipairs(redis.call('KEYS', '{*}:m')) do local fields = redis.call('HGETALL', header) "
        + "for i = 1, #fields, 2 do local name = string.match(fields[i], '^l:(.+)$') if name then local tag, above = "
        + "string.match(header, '^(.-):m$'), 0 for _, range in ipairs(redis.call('ZRANGE', tag .. ':o:' .. name, 0, -1)) do "
        + "local first, last = string.match(range, '^(%d+):(%d+)') above = above + last - first + 1 end "
        + "lines[#lines + 1] = header .. ' ' .. name .. '|' .. redis.call('HGET', header, 't:' .. string.match(name, ':(.+)$')) .. '|' .. "
        + "fields[i + 1] .. '|' .. above .. '|' .. redis.call('ZCARD', tag .. ':q:' .. name) end end end return lines";

    /// <summary>Lanes with messages that are still to be done; throws where the books of a lane do not balance.</summary>
    public static async Task<string> PendingAsync(RedisServer redis)
    {
        List<string> left = [];
        foreach (var line in (await redis.CliAsync("EVAL", Lanes, "0")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split('|');
            var (topic, lane) = (TopicNumbers.Parse(words[1]), LaneNumbers.Parse(words[2]));
            long At(int index) => long.Parse(words[index], CultureInfo.InvariantCulture);
            var watermark = long.Parse(lane.Watermark.Split('-')[1], CultureInfo.InvariantCulture);
            var pending = topic.Last - watermark - At(3) + At(4);
            if (topic.Last - lane.Start != lane.Consumed + lane.Dead + lane.Expired + pending || pending < 0)
            {
                throw new InvalidOperationException($"the books of a lane do not balance: {line}");
            }

            if (pending > 0)
            {
                left.Add($"{pending} in {line}");
            }
        }

        return string.Join('\n', left);
    }
}
