using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.Json;

namespace Build.Measurements;

/// <summary>The instruction counts that are committed: bench/recorded.json. A case may not rise far above them.</summary>
public static class RecordedCounts
{
    /// <summary>How far a count may rise before that is an error.</summary>
    public const double Tolerance = 0.10;

    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true };

    public static IReadOnlyDictionary<string, double> Read(ProjectPaths paths) =>
        JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(FileOf(paths)))
        ?? throw new JsonException($"{FileOf(paths)} holds no object");

    public static void Write(ProjectPaths paths, IReadOnlyDictionary<string, double> counts)
    {
        SortedDictionary<string, double> rounded = new(StringComparer.Ordinal);
        foreach ((string name, double count) in counts)
            rounded[name] = Math.Round(count);
        File.WriteAllText(FileOf(paths), JsonSerializer.Serialize(rounded, _options) + "\n");
    }

    /// <summary>What is wrong with a measured count, null if nothing is.</summary>
    public static string? Complaint(BenchCase about, double? recorded, double? measured)
    {
        const string again = "if that is meant to be, ./build.ps1 bench --record writes bench/recorded.json anew";
        if (measured is not double now)
            return $"case {about.Name} was not measured";
        if (recorded is not double before)
            return $"case {about.Name} is not recorded: it took {Text(now)} instructions; ./build.ps1 bench --record records it";
        if (now > before * (1 + Tolerance))
            return $"case {about.Name}: {Text(before)} instructions are recorded, {Text(now)} were measured; {again}";
        return about.Bar is int bar && before <= bar && now > bar
            ? $"case {about.Name}: {Text(before)} instructions are recorded and {bar} are allowed, {Text(now)} were measured"
            : null;
    }

    private static string FileOf(ProjectPaths paths) => paths.In("bench/recorded.json");

    private static string Text(double count) => count.ToString("F0", CultureInfo.InvariantCulture);
}
