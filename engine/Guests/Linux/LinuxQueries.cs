using System;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Engine.Symbols.Btf;
using Engine.Symbols.Kallsyms;

namespace Engine.Guests.Linux;

/// <summary>Answers about a Linux kernel, as JSON; docs/queries.md has the schema. Members are written into an object that is open.
/// </summary>
/// <remarks>Thread safety: any thread that holds a claim. Allocates.</remarks>
internal static class LinuxQueries
{
    /// <summary>Writes the answer to a topic. False: there is no such topic.</summary>
    public static bool TryWrite(LinuxDetectionJob detection, ReadOnlySpan<byte> topic, Utf8JsonWriter json)
    {
        if (topic.SequenceEqual("kernel"u8))
            WriteKernel(detection, json);
        else if (topic.StartsWith("symbols:"u8))
            WriteSymbols(detection.Kernel, topic["symbols:".Length..], json);
        else if (topic.StartsWith("types:"u8))
            WriteType(detection.Kernel, topic["types:".Length..], json);
        else
            return false;
        return true;
    }

    private static void WriteKernel(LinuxDetectionJob detection, Utf8JsonWriter json)
    {
        LinuxKernel? kernel = detection.Kernel;
        json.WriteString("state", kernel is not null ? "found" : detection.IsUnderWay ? "searching" : "not found");
        json.WriteString("reason", kernel is not null ? "" : detection.Reason);
        json.WriteNumber("attempts", detection.Attempts);
        json.WriteNumber("workedMs", Milliseconds(detection.Worked));
        json.WriteNumber("longestSliceMs", Milliseconds(detection.LongestSlice));
        json.WriteNumber("elapsedMs", Milliseconds(detection.Elapsed));
        if (kernel is null)
            return;

        json.WriteString("os", "Linux");
        json.WriteString("version", kernel.Banner.Version);
        json.WriteString("release", kernel.Banner.Release);
        json.WriteString("buildId", kernel.BuildId);
        json.WriteString("base", Hex(kernel.Layout.Base));
        json.WriteNumber("symbols", kernel.Symbols?.Count ?? 0);
        json.WriteNumber("types", kernel.Types?.Count ?? 0);
        json.WriteNumber("bytes", (kernel.Symbols?.Bytes ?? 0) + (kernel.Types?.Bytes ?? 0));
        json.WriteStartArray("facts");
        foreach (GuestFact fact in kernel.Facts)
        {
            json.WriteStartObject();
            json.WriteString("name", fact.Name);
            json.WriteString("value", fact.Value);
            json.WriteString("source", NameOf(fact.Source));
            json.WriteString("confidence", NameOf(fact.Confidence));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("missing");
        foreach (MissingFeature missing in kernel.Missing)
        {
            json.WriteStartObject();
            json.WriteString("feature", missing.Feature);
            json.WriteString("reason", missing.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSymbols(LinuxKernel? kernel, ReadOnlySpan<byte> wanted, Utf8JsonWriter json)
    {
        json.WriteStartArray("symbols");
        if (kernel?.Symbols is { } symbols)
        {
            if (TryParseAddress(wanted, out ulong address))
            {
                if (symbols.TryFindAt(address, out KernelSymbol symbol, out ulong size))
                    WriteSymbol(symbols, in symbol, size, address - symbol.Address, json);
            }
            else
            {
                int written = 0;
                for (bool more = symbols.TryFind(wanted, out KernelSymbol symbol); more && written < Limits.MaxAnsweredSymbols;
                    more = symbols.TryFindNext(in symbol, wanted, out symbol), written++)
                {
                    WriteSymbol(symbols, in symbol, symbols.SizeOf(in symbol), 0, json);
                }
            }
        }

        json.WriteEndArray();
    }

    private static void WriteSymbol(KallsymsTable symbols, in KernelSymbol symbol, ulong size, ulong offset, Utf8JsonWriter json)
    {
        Span<byte> name = stackalloc byte[Limits.MaxSymbolName + 1];
        json.WriteStartObject();
        json.WriteString("name", Encoding.Latin1.GetString(name[..symbols.ReadName(symbol.Index, name)]));
        json.WriteString("address", Hex(symbol.Address));
        json.WriteString("type", ((char)symbol.Type).ToString());
        json.WriteNumber("size", size);
        json.WriteNumber("offset", offset);
        json.WriteString("object", "kernel");
        json.WriteEndObject();
    }

    private static void WriteType(LinuxKernel? kernel, ReadOnlySpan<byte> wanted, Utf8JsonWriter json)
    {
        BtfTypes? types = kernel?.Types;
        bool isFound = false;
        if (types is not null && wanted.Contains((byte)'.'))
        {
            isFound = types.TryFindField(wanted, out BtfField field);
            if (isFound)
            {
                json.WriteNumber("offset", field.Offset);
                json.WriteNumber("bitOffset", field.BitOffset);
                json.WriteNumber("bitSize", field.BitSize);
                json.WriteNumber("size", field.Size);
                json.WriteString("type", BtfText.Of(field.Type));
            }
        }
        else if (types is not null && types.TryFindPrototype(wanted, out BtfType prototype))
        {
            isFound = true;
            WritePrototype(in prototype, json);
        }
        else if (types is not null && types.SizeOf(wanted) is > 0 and ulong size)
        {
            isFound = true;
            json.WriteNumber("size", size);
        }

        json.WriteBoolean("found", isFound);
    }

    private static void WritePrototype(in BtfType prototype, Utf8JsonWriter json)
    {
        json.WriteString("returns", TypeName(in prototype, prototype.SizeOrType));
        json.WriteStartArray("parameters");
        for (int i = 0; i < Math.Min(prototype.Count, Limits.MaxAnsweredParameters); i++)
        {
            BtfParameter parameter = BtfTypes.ParameterOf(in prototype, i);
            json.WriteStartObject();
            json.WriteString("name", Encoding.Latin1.GetString(prototype.Owner.TextAt(parameter.NameOffset)));
            json.WriteString("type", parameter is { NameOffset: 0, TypeId: 0 } ? "..." : TypeName(in prototype, parameter.TypeId));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string TypeName(in BtfType owner, uint id) => owner.Owner.TryGet(id, out BtfType type) ? BtfText.Of(in type) : "void";

    private static bool TryParseAddress(ReadOnlySpan<byte> text, out ulong address)
    {
        address = 0;
        return text.StartsWith("0x"u8) && ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address);
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private static string Hex(ulong address) => $"0x{address:x}";

    private static string NameOf(FactSource source) => source switch
    {
        FactSource.Registers => "registers",
        FactSource.PageTables => "page tables",
        FactSource.Content => "content",
        FactSource.Symbols => "symbols",
        FactSource.Types => "types",
        FactSource.CrashNote => "crash note",
        _ => "live object",
    };

    private static string NameOf(Confidence confidence) => confidence switch
    {
        Confidence.Hint => "hint",
        Confidence.Found => "found",
        Confidence.Verified => "verified",
        _ => "contradicted",
    };
}
