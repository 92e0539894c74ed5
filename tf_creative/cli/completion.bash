# Completes tf-creative in bash. Put this line into ~/.bashrc:
#   eval "$(tf-creative --completion bash)"

_tf_creative() {
  # The words so far, as quotes divide them; the last one is completed. Of that, Readline keeps what
  # stands before `from`: up to an open quote, or to the last letter that breaks words.
  local line=${COMP_LINE:0:COMP_POINT} words=() word='' quote='' from=0 letter i
  for ((i = 0; i < ${#line}; i++)); do
    letter=${line:i:1}
    if [[ $quote ]]; then
      if [[ $letter == "$quote" ]]; then quote=''; else word+=$letter; fi
    elif [[ $letter == [\'\"] ]]; then
      quote=$letter from=${#word}
    elif [[ $letter == ' ' ]]; then
      if [[ $word ]]; then words+=("$word"); fi
      word='' from=0
    else
      word+=$letter
      if [[ $COMP_WORDBREAKS == *"$letter"* ]]; then from=${#word}; fi
    fi
  done

  local found=() candidate
  if ((${#words[@]} < 2)); then
    _tf_creative_add '' commands ' '
  elif [[ $word == --*=* ]]; then
    _tf_creative_value "${word%%=*}" "${word#*=}"
  else
    _tf_creative_add '' "${words[1]}" ''
  fi
  COMPREPLY=()
  for candidate in "${found[@]}"; do
    if [[ $candidate == "$word"* ]]; then COMPREPLY+=("${candidate:from}"); fi
  done
}

# Adds to `found` what the table names under the key $2, each behind $1 and before $3.
_tf_creative_add() {
  local choice
  for choice in $(_tf_creative_table "$2"); do
    found+=("$1$choice$3")
  done
}

# Adds what can follow of the flag $1, of whose value $2 is there.
_tf_creative_value() {
  local flag=$1 value=$2 end=' ' path part name head
  if [[ $quote ]]; then end=''; fi
  case $flag in
    @SPECS@)
      part=${value##*|}
      head=$flag=${value%"$part"}
      if [[ $part == *')'* ]]; then return; fi
      if [[ $part != *'('* ]]; then
        # Two of each in quotes, since Readline closes these behind a word that has no other end.
        _tf_creative_add "$head" "$flag" "$end"
        if [[ $quote ]]; then _tf_creative_add "$head" "$flag" '('; fi
        return
      fi
      name=${part%%(*} part=${part#*(}
      head=$head$name'('${part%"${part##*[,(]}"}
      part=${part##*[,(]}
      head+=${part%%[! ]*} part=${part#"${part%%[! ]*}"}
      if [[ $part == *=* ]]; then
        _tf_creative_add "$head${part%%=*}=" "$flag:$name:${part%%=*}" ')'
        _tf_creative_add "$head${part%%=*}=" "$flag:$name:${part%%=*}" ','
      else
        _tf_creative_add "$head" "$flag:$name" ''
        _tf_creative_add "$head" "$flag:$name:" ''
      fi
      ;;
    *)
      _tf_creative_add "$flag=" "$flag" "$end"
      # Words are known: then none of a file, except beside our pipelines.
      if [[ ${#found[@]} != 0 && ${found[0]} != *pipelines/* ]]; then return; fi
      while read -r path; do
        if [[ -d $path ]]; then
          found+=("$flag=$path/")
        elif [[ ${found[0]-} != *pipelines/* || $path == *.flags ]]; then
          found+=("$flag=$path$end")
        fi
      done < <(compgen -f -- "$value")
      ;;
  esac
}

complete -o nospace -F _tf_creative tf-creative
