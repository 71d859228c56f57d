using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Iced.Intel;
using Tests.Differential;
using Tests.Native;
using Xunit;

namespace Tests.Docs;

/// <summary>docs/instructions.md names every form that stores and is not emulated, of all that the decoder knows, and no other.</summary>
public sealed class InstructionListTests(ITestOutputHelper output)
{
    [Fact]
    public void TheListIsTheDecodersTablesLessWhatIsEmulated()
    {
        using OracleProcess host = OracleProcess.StartHost();
        if ((host.Facts.Xcr0 & CaseGenerator.StateComponents) != CaseGenerator.StateComponents)
            Assert.Skip("this processor does not have all extended state, without which stores of it are not emulated");

        SortedDictionary<string, SortedSet<int>> expected = new(StringComparer.Ordinal);
        foreach (int bits in (int[])[16, 32, 64])
        {
            OracleLayout layout = bits == 64 ? OracleLayout.Host : OracleLayout.Unicorn;
            using DifferentialRun run = new("list", host, layout);
            foreach (Code code in StoreForms.All(layout, bits).Where(code => !IsInvalid(code, bits) && !run.IsEmulated(code, bits)))
            {
                string name = code.ToString();
                if (!expected.TryGetValue(name, out SortedSet<int>? kinds))
                    expected.Add(name, kinds = []);
                kinds.Add(bits);
            }
        }

        string[] lines = [.. expected.Select(form => $"| `{form.Key}` | {string.Join(", ", form.Value)} |")];
        string document = File.ReadAllText(Repository.In("docs/instructions.md"));
        string[] listed = [.. document.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))];
        output.WriteLine(string.Join('\n', lines));
        Assert.Equal(lines, listed);
        Assert.Contains($"{lines.Length} forms", document, StringComparison.Ordinal);
    }

    /// <summary>16-bit code is tried in real mode, where there is no VEX and EVEX.</summary>
    private static bool IsInvalid(Code code, int bits) => bits == 16 && code.Encoding() != EncodingKind.Legacy;
}
