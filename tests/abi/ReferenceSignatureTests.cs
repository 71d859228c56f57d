using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Tests.Native;
using Xunit;

namespace Tests.Abi;

/// <summary>
/// Function types and named exports have the reference's signatures: C code assigns between the header's type and one spelled as the
/// reference spells it, which compiles without a warning only when the two are the same.
/// </summary>
public sealed class ReferenceSignatureTests
{
    /// <summary>The exports whose types the header does not name.</summary>
    private static readonly string[] UnnamedTypes = ["PFUNC_IntPreinit", "PFUNC_IntInit", "PFUNC_IntUninit", "PFUNC_IntCheckCompatibility"];

    [Fact]
    public void EveryFunctionTypeOfTheReferenceIsDeclared() =>
        Assert.Equal(
            ReferenceFixture.Functions.Select(function => function.Name).Except(UnnamedTypes, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
            HeaderText.FunctionTypes.Order(StringComparer.Ordinal));

    [Fact]
    public void FunctionTypesHaveTheSignaturesOfTheReference() => Compile("function-types", FunctionTypes(ReferenceFixture.Functions));

    [Fact]
    public void NamedExportsHaveTheSignaturesOfTheReference() => Compile("exports", Exports(ReferenceFixture.Functions));

    [Fact]
    public void EveryNamedHandlerIsCompared()
    {
        IEnumerable<string> handlers = HeaderFunctions.Names.Where(name =>
            name.StartsWith("IntHandle", StringComparison.Ordinal) && !HeaderText.IsAddition(name));
        Assert.Equal(
            handlers,
            ReferenceFixture.Exports.Keys.Where(name => name.StartsWith("IntHandle", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    [Fact]
    public void AnotherSignatureDoesNotCompile()
    {
        // One parameter of one function is made another: a byte for a pointer to bytes, as a slip would.
        ReferenceFunction changed = ReferenceFixture.Functions.Single(function => function.Name is "PFUNC_IntEPTViolationCallback");
        changed = changed with { Parameters = [.. changed.Parameters.SkipLast(1), "DWORD"] };
        Assert.ThrowsAny<InvalidOperationException>(() => Compile("wrong-type", FunctionTypes([changed])));
        Assert.ThrowsAny<InvalidOperationException>(() => Compile("wrong-export", Exports([changed])));
        changed = changed with { Parameters = [.. changed.Parameters.SkipLast(1)] };
        Assert.ThrowsAny<InvalidOperationException>(() => Compile("fewer-parameters", FunctionTypes([changed])));
    }

    private static string FunctionTypes(IEnumerable<ReferenceFunction> functions)
    {
        StringBuilder code = new();
        foreach (ReferenceFunction function in functions)
        {
            AppendType(code, function);
            if (!UnnamedTypes.Contains(function.Name, StringComparer.Ordinal))
                code.Append($"{function.Name} from_{function.Name} = (reference_{function.Name})0;\n");
        }

        return code.ToString();
    }

    private static string Exports(IEnumerable<ReferenceFunction> functions)
    {
        StringBuilder code = new();
        foreach (ReferenceFunction function in functions)
        {
            AppendType(code, function);
            foreach ((string name, string type) in ReferenceFixture.Exports)
            {
                if (string.Equals(type, function.Name, StringComparison.Ordinal))
                    code.Append($"reference_{type} from_{name} = {name};\n");
            }
        }

        return code.ToString();
    }

    private static void AppendType(StringBuilder code, ReferenceFunction function)
    {
        string parameters = function.Parameters.Count == 0 ? "void" : string.Join(", ", function.Parameters);
        code.Append($"typedef {function.Returns} (*reference_{function.Name})({parameters});\n");
    }

    private static void Compile(string name, string code)
    {
        string path = Repository.In($"artifacts/test/native/signatures-{name}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path + ".c", "#include \"introcore.h\"\n\n" + code);
        NativeTools.Compile(path + ".o", ["-c", path + ".c"]);
    }
}
