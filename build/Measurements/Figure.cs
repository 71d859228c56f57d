using System.Text.Json.Serialization;

namespace Build.Measurements;

/// <summary>What was measured of one case: the cost of an event, or, where it is none, a value.</summary>
public sealed record Figure
{
    [JsonPropertyName("case")]
    public required string Case { get; init; }

    [JsonPropertyName("ns_min")]
    public double? NsMin { get; init; }

    [JsonPropertyName("ns_median")]
    public double? NsMedian { get; init; }

    [JsonPropertyName("instructions")]
    public double? Instructions { get; init; }

    [JsonPropertyName("value")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Value { get; init; }
}
