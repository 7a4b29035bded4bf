-module(mochi_data).
-moduledoc """
`load` and `save`: csv, tsv, json, jsonl and yaml, from and to files and the standard streams.

Files are read and written in one piece by `m:prim_file`, which needs no server. A host without files refuses with a runtime error.
""".

-export([load/3, save/3, read_file/1, decode_json/1]).

-type value() :: term().

-doc "`load path as T with options`: the rows, each cast to T.".
-spec load(binary() | nil, value(), term()) -> mochi_list:vec().
load(Path, Options, Type) ->
    Text = case is_standard(Path) of
               true -> read_input([]);
               false -> read_file(Path)
           end,
    Rows = rows(format(Options), Text, Options),
    mochi_list:from_list([mochi_core:cast(R, Type) || R <- Rows]).

-doc "`save rows to path with options`".
-spec save(value(), binary() | nil, value()) -> nil.
save(Rows, Path, Options) ->
    Text = text(format(Options), records(Rows), Options),
    case is_standard(Path) of
        true -> io:put_chars(Text);
        false ->
            Bytes = unicode:characters_to_binary(Text),
            case catch_file(fun() -> prim_file:write_file(unicode:characters_to_list(Path), Bytes) end) of
                ok -> ok;
                {error, Why} -> no_file(<<"save">>, Path, Why)
            end
    end,
    nil.

is_standard(Path) -> Path =:= nil orelse Path =:= <<>> orelse Path =:= <<"-">>.

read_input(Acc) ->
    case io:get_line("") of
        eof -> unicode:characters_to_binary(lists:reverse(Acc));
        {error, _} -> unicode:characters_to_binary(lists:reverse(Acc));
        Line -> read_input([Line | Acc])
    end.

-doc "The whole of a file; a runtime error when it cannot be read.".
-spec read_file(binary()) -> binary().
read_file(Path) ->
    case found(unicode:characters_to_list(Path)) of
        {ok, Bytes} ->
            case unicode:characters_to_binary(Bytes) of
                Text when is_binary(Text) -> Text;
                _ -> mochi_core:fail([<<"load ">>, Path, <<": not UTF-8">>])
            end;
        {error, Why} -> no_file(<<"open">>, Path, Why)
    end.

%% A relative path starts at the current folder; where there is nothing, at the program's.
found(Path) ->
    Read = fun(P) -> catch_file(fun() -> prim_file:read_file(P) end) end,
    case {Read(Path), erlang:get('$source_file')} of
        {{error, enoent}, File} when is_binary(File), hd(Path) =/= $/ ->
            case Read(filename:join(filename:dirname(unicode:characters_to_list(File)), Path)) of
                {ok, Bytes} -> {ok, Bytes};
                {error, _} -> {error, enoent}
            end;
        {Result, _} -> Result
    end.

catch_file(F) ->
    try F()
    catch
        error:undef -> {error, enotsup};
        error:Why when is_atom(Why) -> {error, Why}
    end.

-spec no_file(binary(), binary(), atom()) -> no_return().
no_file(What, Path, enoent) -> mochi_core:fail([What, $\s, Path, <<": no such file or directory">>]);
no_file(What, Path, eacces) -> mochi_core:fail([What, $\s, Path, <<": permission denied">>]);
no_file(What, Path, Why) when Why =:= enotsup; Why =:= notsup ->
    mochi_core:fail([What, $\s, Path, <<": this host offers no files">>]);
no_file(What, Path, Why) -> mochi_core:fail([What, $\s, Path, <<": ">>, atom_to_binary(Why)]).

%%% Options

option(Options, Name, Default) ->
    case mochi_cell:plain(Options) of
        nil -> Default;
        O ->
            case mochi_ref:field(O, Name) of
                nil -> Default;
                V -> V
            end
    end.

format(Options) ->
    case option(Options, <<"format">>, <<"csv">>) of
        F when F =:= <<"csv">>; F =:= <<"tsv">>; F =:= <<"json">>; F =:= <<"jsonl">>; F =:= <<"yaml">> -> F;
        F -> mochi_core:fail([<<"unknown data format: ">>, mochi_core:str(F)])
    end.

delimiter(Options, Default) ->
    case option(Options, <<"delimiter">>, Default) of
        <<C/utf8, _/binary>> -> C;
        _ -> Default
    end.

%%% Reading

rows(<<"csv">>, Text, Options) -> table(Text, delimiter(Options, $,), Options);
rows(<<"tsv">>, Text, Options) -> table(Text, delimiter(Options, $\t), Options);
rows(<<"json">>, Text, _) -> as_rows(decode_json(Text));
rows(<<"jsonl">>, Text, _) ->
    [decode_json(L) || L <- binary:split(Text, [<<"\n">>, <<"\r\n">>], [global]), string:trim(L) =/= <<>>];
rows(<<"yaml">>, Text, _) -> as_rows(mochi_yaml:decode(Text)).

as_rows({'$v', _, _, _, _} = L) -> mochi_list:to_list(L);
as_rows(nil) -> [];
as_rows(M) -> [M].

table(Text, Delimiter, Options) ->
    case records_of(Text, Delimiter) of
        [] -> [];
        [First | Rest] = All ->
            case mochi_core:truthy(option(Options, <<"header">>, true)) of
                true -> [row(First, R) || R <- Rest];
                false ->
                    Names = [<<"c", (integer_to_binary(I))/binary>> || I <- lists:seq(0, length(First) - 1)],
                    [row(Names, R) || R <- All]
            end
    end.

row(Names, Cells) -> mochi_map:from_pairs(zip(Names, Cells)).

zip([N | Ns], [C | Cs]) -> [{N, cell(C)} | zip(Ns, Cs)];
zip([N | Ns], []) -> [{N, <<>>} | zip(Ns, [])];
zip([], _) -> [].

%% An integer, else a float, else the text.
cell(Text) ->
    try binary_to_integer(Text)
    catch error:badarg ->
            case mochi_num:number(Text) of
                N when is_number(N), Text =/= <<>> -> number_cell(Text, N);
                _ -> Text
            end
    end.

number_cell(Text, N) ->
    case re_number(Text) of
        true -> float(N);
        false -> Text
    end.

%% Digits with a point or an exponent, nothing else.
re_number(<<C, Rest/binary>>) when C =:= $-; C =:= $+ -> number_chars(Rest);
re_number(Text) -> number_chars(Text).

number_chars(<<C, _/binary>> = T) when C >= $0, C =< $9; C =:= $. ->
    lists:all(fun(X) -> X >= $0 andalso X =< $9 orelse lists:member(X, ".eE+-") end, binary_to_list(T));
number_chars(_) -> false.

%% Records of a delimited text: quotes as in RFC 4180, empty lines left out.
records_of(Text, D) ->
    [R || R <- fields(Text, D, [], [], []), R =/= [<<>>]].

fields(<<>>, _, Field, Row, Rows) when Field =:= [], Row =:= [] -> lists:reverse(Rows);
fields(<<>>, _, Field, Row, Rows) -> lists:reverse([end_row(Field, Row) | Rows]);
fields(<<$", Rest/binary>>, D, [], Row, Rows) -> quoted(Rest, D, [], Row, Rows);
fields(<<D/utf8, Rest/binary>>, D, Field, Row, Rows) -> fields(Rest, D, [], [done(Field) | Row], Rows);
fields(<<$\r, $\n, Rest/binary>>, D, Field, Row, Rows) -> fields(Rest, D, [], [], [end_row(Field, Row) | Rows]);
fields(<<$\n, Rest/binary>>, D, Field, Row, Rows) -> fields(Rest, D, [], [], [end_row(Field, Row) | Rows]);
fields(<<C/utf8, Rest/binary>>, D, Field, Row, Rows) -> fields(Rest, D, [C | Field], Row, Rows).

quoted(<<$", $", Rest/binary>>, D, Field, Row, Rows) -> quoted(Rest, D, [$" | Field], Row, Rows);
quoted(<<$", Rest/binary>>, D, Field, Row, Rows) -> fields(Rest, D, [{}, Field], Row, Rows);
quoted(<<C/utf8, Rest/binary>>, D, Field, Row, Rows) -> quoted(Rest, D, [C | Field], Row, Rows);
quoted(<<>>, _, _, _, _) -> mochi_core:fail(<<"csv: a quoted field is not closed">>).

end_row(Field, Row) -> lists:reverse([done(Field) | Row]).

%% `{}` marks a field that was quoted, what follows it unquoted comes first in reverse.
done(Field) -> unicode:characters_to_binary(lists:reverse([C || C <- lists:flatten(Field), C =/= {}])).

-doc "JSON text as a value; all numbers are floats.".
-spec decode_json(binary()) -> value().
decode_json(Text) ->
    Callbacks = #{null => nil,
                  integer => fun(B) -> binary_to_integer(B) * 1.0 end,
                  float => fun(B) -> mochi_num:to_float(mochi_num:number(B)) end,
                  array_finish => fun(Acc, Old) -> {mochi_list:from_reversed(Acc), Old} end,
                  object_finish => fun(Acc, Old) -> {mochi_map:from_pairs(lists:reverse(Acc)), Old} end},
    try json:decode(Text, ok, Callbacks) of
        {V, _, Rest} ->
            case string:trim(Rest) of
                <<>> -> V;
                _ -> mochi_core:fail(<<"json: there is more after the value">>)
            end
    catch
        error:unexpected_end -> mochi_core:fail(<<"json: unexpected end">>);
        error:{invalid_byte, B} -> mochi_core:fail([<<"json: invalid character ">>, integer_to_binary(B)]);
        error:{unexpected_sequence, _} -> mochi_core:fail(<<"json: invalid text">>)
    end.

%%% Writing

%% Each row as its entries by name.
records(V) ->
    case mochi_cell:plain(V) of
        {'$v', _, _, _, _} = L -> [record(R) || R <- mochi_list:to_list(L)];
        {'$group', _, L} -> records(L);
        nil -> [];
        _ -> not_rows()
    end.

record(R) -> mochi_ref:entries(R, <<"save source must be list of maps">>).

-spec not_rows() -> no_return().
not_rows() -> mochi_core:fail(<<"save source must be list of maps">>).

text(<<"csv">>, Rows, Options) -> delimited(Rows, delimiter(Options, $,), Options);
text(<<"tsv">>, Rows, Options) -> delimited(Rows, delimiter(Options, $\t), Options);
text(<<"json">>, [Row], _) -> [compact(Row), $\n];
text(<<"json">>, Rows, _) -> [$[, lists:join($,, [compact(R) || R <- Rows]), $], $\n];
text(<<"jsonl">>, Rows, _) -> [[compact(R), $\n] || R <- Rows];
text(<<"yaml">>, Rows, _) -> mochi_yaml:encode(Rows).

compact(Row) -> mochi_json:to_json(mochi_map:from_pairs(Row)).

delimited([], _, _) ->
    [];
delimited([First | _] = Rows, D, Options) ->
    Names = [K || {K, _} <- First],
    Header = case mochi_core:truthy(option(Options, <<"header">>, false)) of
                 true -> [line(Names, D)];
                 false -> []
             end,
    [Header | [line([column(proplists:get_value(N, R, nil)) || N <- Names], D) || R <- Rows]].

column(nil) -> <<>>;
column(V) -> mochi_core:str(V).

line(Cells, D) -> [lists:join(<<D/utf8>>, [cell_text(C, D) || C <- Cells]), $\n].

cell_text(<<>>, _) -> <<>>;
cell_text(C, D) ->
    Special = binary:match(C, [<<D/utf8>>, <<"\"">>, <<"\n">>, <<"\r">>]) =/= nomatch orelse hd(binary_to_list(C)) =:= $\s,
    case Special of
        true -> [$", binary:replace(C, <<"\"">>, <<"\"\"">>, [global]), $"];
        false -> C
    end.
