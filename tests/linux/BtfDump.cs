using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using Engine.Symbols.Btf;
using Tests.Native;
using Xunit;

namespace Tests.Linux;

/// <summary>The kernel's types as bpftool reads them.</summary>
internal static class BtfDump
{
    /// <summary>Every type: its kind, name and size; of structures and unions every member, found by its path where its name is its own.
    /// </summary>
    public static void AssertSame(byte[] blob, BtfTypes types)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, blob);
            ProgramRun run = ProgramRunner.Run("/usr/sbin/bpftool", ["-j", "btf", "dump", "file", file, "format", "raw"]);
            Assert.True(run.ExitCode == 0, run.Errors);
            using JsonDocument dump = JsonDocument.Parse(run.Output);
            uint id = 0;
            foreach (JsonElement expected in dump.RootElement.GetProperty("types").EnumerateArray())
                AssertSame(++id, expected, types);
            Assert.Equal(id, (uint)types.Count);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void AssertSame(uint id, JsonElement expected, BtfTypes types)
    {
        Assert.Equal(id, expected.GetProperty("id").GetUInt32());
        Assert.True(types.TryGet(id, out BtfType type));
        string name = expected.GetProperty("name").GetString()!;
        Assert.Equal(name is "(anon)" ? "" : name, Encoding.ASCII.GetString(type.Name));
        string kind = expected.GetProperty("kind").GetString()!;
        Assert.Equal(kind, Words(type));
        if (expected.TryGetProperty("size", out JsonElement size))
            Assert.Equal(size.GetUInt32(), type.SizeOrType);
        if (expected.TryGetProperty("type_id", out JsonElement target) && kind is not "ARRAY")
            Assert.Equal(target.GetUInt32(), type.SizeOrType);
        if (kind is "STRUCT" && name is not "(anon)" && IsTheLargest(in type, types))
            AssertMembers(name, expected.GetProperty("members"));

        void AssertMembers(string structure, JsonElement members)
        {
            HashSet<string> seen = new(StringComparer.Ordinal);
            foreach (JsonElement member in members.EnumerateArray())
            {
                string path = member.GetProperty("name").GetString()!;
                if (path is "(anon)" || !seen.Add(path))
                    continue;
                Assert.True(types.TryFindField(Encoding.ASCII.GetBytes(structure), Encoding.ASCII.GetBytes(path), out BtfField field));
                uint bits = member.TryGetProperty("bitfield_size", out JsonElement width) ? width.GetUInt32() : 0;
                ulong offset = member.GetProperty("bits_offset").GetUInt64();
                if (field.BitOffset != offset || field.BitSize != bits || field.Type.Id != member.GetProperty("type_id").GetUInt32())
                    Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{structure}.{path}: {field} is not at bit {offset}, {bits} bits"));
            }
        }
    }

    /// <summary>Of several with one name, the largest answers.</summary>
    private static bool IsTheLargest(in BtfType type, BtfTypes types)
    {
        for (bool more = types.TryFind(type.Name, BtfKind.Void, out BtfType other); more; more = types.TryFindNext(in other, type.Name, BtfKind.Void, out other))
        {
            if (other.Id != type.Id && other.Kind is not (BtfKind.Function or BtfKind.Variable or BtfKind.Int or BtfKind.Enum))
                return false;
        }

        return true;
    }

    private static string Words(in BtfType type) => type.Kind switch
    {
        BtfKind.Int => "INT",
        BtfKind.Pointer => "PTR",
        BtfKind.Array => "ARRAY",
        BtfKind.Struct => "STRUCT",
        BtfKind.Union => "UNION",
        BtfKind.Enum => "ENUM",
        BtfKind.Forward => "FWD",
        BtfKind.Typedef => "TYPEDEF",
        BtfKind.Volatile => "VOLATILE",
        BtfKind.Const => "CONST",
        BtfKind.Restrict => "RESTRICT",
        BtfKind.Function => "FUNC",
        BtfKind.Prototype => "FUNC_PROTO",
        BtfKind.Variable => "VAR",
        BtfKind.DataSection => "DATASEC",
        BtfKind.Float => "FLOAT",
        BtfKind.DeclarationTag => "DECL_TAG",
        BtfKind.TypeTag => "TYPE_TAG",
        BtfKind.Enum64 => "ENUM64",
        _ => "UNKNOWN",
    };
}
