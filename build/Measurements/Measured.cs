using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace Build.Measurements;

/// <summary>All figures of one run.</summary>
public sealed class Measured
{
    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true };

    private readonly List<Figure> _figures = [];

    public IReadOnlyList<Figure> All => _figures;

    public void Add(string name, double value) => _figures.Add(new Figure { Case = name, Value = value });

    public void Add(string name, (double Min, double Median) time, double? instructions) =>
        _figures.Add(new Figure { Case = name, NsMin = time.Min, NsMedian = time.Median, Instructions = instructions });

    public Figure? Find(string name) => _figures.FirstOrDefault(f => string.Equals(f.Case, name, StringComparison.Ordinal));

    public void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, JsonSerializer.Serialize(_figures, _options) + "\n");
    }
}
